"""The demo's own models: an image-text encoder, a captioner, and the renderer as image maker."""
