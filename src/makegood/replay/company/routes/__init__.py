"""The company's HTTP face: one ASGI app, a module of routes for each part."""
