// Shows the API's document with Swagger UI, which lies in a file of its own.
const reader = document.getElementById("reader");
const scheme = matchMedia("(prefers-color-scheme: dark)");

function follow() {
  document.documentElement.classList.toggle("dark-mode", scheme.matches);
}

scheme.addEventListener("change", follow);
follow();
SwaggerUIBundle({
  url: reader.dataset.document,
  domNode: reader,
  deepLinking: true,
  supportedSubmitMethods: ["get"],
  // Nothing is sent elsewhere.
  validatorUrl: null,
});
