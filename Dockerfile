FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels '.[postgres]'

FROM python:3.13-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir /wheels/*.whl \
    && install -d -o nobody /data
USER nobody
VOLUME /data
EXPOSE 8000
# The names under which people reach it; set it to your own, comma-separated.
ENV ALLOWED_HOSTS=localhost
HEALTHCHECK CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["sh", "-c", "exec backprop-explorer --host 0.0.0.0 --port 8000 --store sqlite:/data/sessions.db --allowed-hosts \"$ALLOWED_HOSTS\""]
