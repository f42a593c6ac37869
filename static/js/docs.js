/** Shows the OpenAPI document; the viewer and the document both come from this server. */

const bundle = /** @type {{SwaggerUIBundle?: (options: object) => void}} */ (globalThis);
bundle.SwaggerUIBundle?.({ dom_id: "#docs", url: "/openapi.json", validatorUrl: null });
