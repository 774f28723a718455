"""The HTTP API: who may ask what, and how it is said; a client of the control socket and a reader of the store.

Cores (who may, how often, once, for how long) have no I/O. `endpoints/` says what can be asked, a function a route,
over ports; `runtime/` has litestar, uvicorn, sockets and files, and is imported by the web process alone.
"""
