/* The form of a row, beside what registries.js does: the name is proposed, a key file is read, what
   is typed as a secret can be looked at, and nobody leaves what was typed without being asked. */
"use strict";
{
    const form = document.getElementById("registry_form");
    const find = (selector) => form.querySelector(selector);
    const type = (input, text) => {
        input.value = text;
        input.dispatchEvent(new Event("input", { bubbles: true }));
    };

    /* The name follows the host until somebody types one. */
    const name = () => {
        const input = form.elements.name;
        if (input.value) {
            return;
        }
        let isOwn = false;
        input.addEventListener("input", (event) => { isOwn = event.isTrusted; });
        form.elements.url?.addEventListener("input", () => {
            const [host] = form.elements.url.value.trim().replace(/^https?:\/\//, "").split("/");
            if (!isOwn) {
                input.value = host;
            }
        });
    };

    /* The key file of a service account fills both fields at once, pasted or chosen. */
    const keyFile = () => {
        const { privatekey, clientemail } = form.elements;
        if (!privatekey || !clientemail) {
            return;
        }
        privatekey.addEventListener("input", () => {
            try {
                const key = JSON.parse(privatekey.value);
                if (key.client_email && key.private_key) {
                    clientemail.value = key.client_email;
                    privatekey.value = key.private_key;
                }
            } catch {
                // No key file.
            }
        });
        const label = document.createElement("label");
        label.className = "reg-btn reg-file";
        const chooser = Object.assign(document.createElement("input"), {
            type: "file", accept: ".json,application/json", className: "visually-hidden",
        });
        chooser.addEventListener("change", async () => {
            type(privatekey, await chooser.files[0].text());
            chooser.value = "";
        });
        label.append(form.dataset.choose, chooser);
        privatekey.after(label);
    };

    /* A look at the secret that is being typed; never at a stored one. */
    const look = () => {
        form.querySelectorAll("input[type=password]").forEach((input) => {
            const button = Object.assign(document.createElement("button"), {
                type: "button", className: "reg-btn reg-look", textContent: form.dataset.show,
            });
            button.setAttribute("aria-pressed", "false");
            button.addEventListener("click", () => {
                const isShown = input.type === "password";
                input.type = isShown ? "text" : "password";
                button.setAttribute("aria-pressed", String(isShown));
                button.textContent = isShown ? form.dataset.hide : form.dataset.show;
            });
            input.after(button);
        });
    };

    /* Whoever leaves what was typed is asked. */
    const leaving = () => {
        let isChanged = false;
        form.addEventListener("input", () => { isChanged = true; });
        form.addEventListener("submit", (event) => {
            isChanged = isChanged && event.submitter?.name === "_check";
        });
        window.addEventListener("beforeunload", (event) => {
            if (isChanged) {
                event.preventDefault();
            }
        });
    };

    if (form) {
        name();
        keyFile();
        look();
        leaving();
        const wrong = find(".errors :is(input:not([type=radio]), select, textarea)");
        const first = form.dataset.isNew ? [...form.elements].find((each) => each.offsetParent
            && each.matches("input[type=text], select") && !each.value) : null;
        (wrong ?? first)?.focus();
    }
}
