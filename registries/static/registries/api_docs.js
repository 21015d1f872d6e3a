// Shows the API's document with Swagger UI, which lies in a file of its own.
const reader = document.getElementById("reader");
const scheme = matchMedia("(prefers-color-scheme: dark)");

// As the page's own colours: what was chosen there, else what the system says.
function follow() {
  const chosen = document.documentElement.dataset.theme ?? "auto";
  const isDark = chosen === "auto" ? scheme.matches : chosen === "dark";
  document.documentElement.classList.toggle("dark-mode", isDark);
}

scheme.addEventListener("change", follow);
new MutationObserver(follow).observe(document.documentElement, { attributeFilter: ["data-theme"] });
follow();
SwaggerUIBundle({
  url: reader.dataset.document,
  domNode: reader,
  deepLinking: true,
  supportedSubmitMethods: ["get"],
  // Nothing is sent elsewhere.
  validatorUrl: null,
});
