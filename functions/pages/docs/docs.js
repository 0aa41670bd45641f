// The key that opened this page opens the document too, and is filled in for the calls that are tried. The document is
// fetched here, because Swagger UI would show its address, and the key in it, on the page.
const key = new URLSearchParams(location.search).get("code");

fetch("openapi.json" + location.search)
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`openapi.json: ${answer.status}`))))
  .then((spec) => {
    const ui = SwaggerUIBundle({
      spec,
      dom_id: "#page",
      deepLinking: true,
      defaultModelsExpandDepth: 0,
      displayRequestDuration: true,
      docExpansion: "list",
      tryItOutEnabled: true,
      validatorUrl: null,
      onComplete: () => {
        if (key) ui.preauthorizeApiKey("functionKey", key);
      },
    });
  })
  .catch((error) => {
    document.getElementById("page").textContent = `The description of the interface cannot be read: ${error.message}`;
  });
