"""The control of `benchmarks.requests`: FastAPI that does nothing, served as the explorer is."""

import socket

import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from app.__main__ import server_config

app = FastAPI(openapi_url=None)


@app.get("/")
async def nothing() -> Response:
    """Answer at once."""
    return Response(b"{}", media_type="application/json")


@app.post("/")
async def read(request: Request) -> Response:
    """Answer when the body has been read."""
    await request.body()
    return Response(b"{}", media_type="application/json")


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
        uvicorn.Server(server_config(app)).run(sockets=[listener])
