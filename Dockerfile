# One stage per service. Locked packages are installed once per service into /opt/venv; nothing compiles.
# Behind a private index:  PIP_INDEX_URL=... docker compose build
# Files get their modes here: a clone under umask 077, or an archive without modes, builds the same images.
# Without internet:        fill the folder wheels/ elsewhere (docker build --target wheels --output wheels .), then build.

# That of pyproject.toml, which a test compares.
ARG VERSION=0.1.0

FROM python:3.11-slim-bookworm AS locked
WORKDIR /build
COPY --chmod=755 pyproject.toml uv.lock deploy/containers/install-packages deploy/native/tools/triton-requirements.txt wheel[s]/ /build/
ARG PIP_INDEX_URL=""
ARG PIP_EXTRA_INDEX_URL=""
RUN ["./install-packages", "--self"]

FROM node:24-bookworm-slim AS console-packages
WORKDIR /build
COPY --chmod=755 frontend/package.json frontend/package-lock.json frontend/.npmrc wheel[s]/npm-cache.tar ./
# Behind a private registry: NPM_CONFIG_REGISTRY=... docker compose build frontend
ARG NPM_CONFIG_REGISTRY
RUN mkdir /npm-cache && if [ -f npm-cache.tar ]; then tar -xf npm-cache.tar -C /npm-cache; fi \
    && npm ci --prefer-offline --cache /npm-cache && rm -f npm-cache.tar

FROM console-packages AS console-collected
RUN ["tar", "-cf", "/npm-cache.tar", "-C", "/npm-cache", "."]

FROM locked AS collected
RUN ["./install-packages", "--collect", "/wheels"]
FROM scratch AS wheels
COPY --from=collected /wheels /
COPY --from=console-collected /npm-cache.tar /

FROM locked AS operation-server-packages
RUN ["./install-packages", "operation-server", "tracing"]
FROM locked AS analysis-server-packages
RUN ["./install-packages", "analysis-server", "tracing"]
FROM locked AS kafka-inference-trigger-packages
RUN ["./install-packages", "kafka-inference-trigger", "tracing"]
FROM locked AS core-packages
RUN ["./install-packages", "tracing"]
FROM locked AS alarm-notifier-packages
RUN ["./install-packages", "alarm-notifier", "tracing"]
FROM locked AS flower-packages
RUN ["./install-packages", "flower"]
FROM locked AS triton-front-packages
RUN ["./install-packages", "triton-front"]
# NVIDIA's server from its wheel with the backend in Python: the same as in native mode, without gigabytes of CUDA.
FROM locked AS triton-cpu-packages
RUN ["./install-packages", "--triton"]
FROM locked AS simulator-packages
RUN ["./install-packages", "simulator", "telemetry-replay"]

# What all Python services share: a user without a login, the working folder, the health check.
FROM python:3.11-slim-bookworm AS service
ARG VERSION
LABEL org.opencontainers.image.version=$VERSION
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin satellite
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/srv/satellite PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
WORKDIR /srv/satellite
COPY --chmod=755 deploy/containers/healthcheck deploy/containers/trim-arguments /usr/local/bin/
COPY --chmod=755 telemetry_core telemetry_core
USER 10001:10001

FROM service AS operation-server
COPY --from=operation-server-packages /opt/venv /opt/venv
COPY --chmod=755 deploy/containers/operation-server-start /usr/local/bin/
COPY --chmod=755 alarms alarms
COPY --chmod=755 scoring scoring
COPY --chmod=755 operation_server operation_server
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["healthcheck", "http://127.0.0.1:8000/livez"]
CMD ["operation-server-start"]

FROM service AS analysis-server
COPY --from=analysis-server-packages /opt/venv /opt/venv
COPY --chmod=755 deploy/containers/celery /opt/satellite/bin/
ENV PATH=/opt/satellite/bin:$PATH
COPY --chmod=755 scoring scoring
COPY --chmod=755 analysis_server analysis_server
WORKDIR /srv/satellite/analysis_server
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["healthcheck", "http://127.0.0.1:9100/healthz"]
ENTRYPOINT ["trim-arguments"]
CMD ["celery", "-A", "tasks", "worker", "--loglevel=info", "--pool=threads", "--concurrency=2"]

FROM service AS kafka-inference-trigger
COPY --from=kafka-inference-trigger-packages /opt/venv /opt/venv
COPY --chmod=755 kafka_inference_trigger kafka_inference_trigger
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["healthcheck", "http://127.0.0.1:9100/healthz"]
CMD ["python", "-m", "kafka_inference_trigger"]

FROM service AS alarm-server
COPY --from=core-packages /opt/venv /opt/venv
COPY --chmod=755 alarms alarms
COPY --chmod=755 scoring scoring
COPY --chmod=755 alarm_server alarm_server
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["healthcheck", "http://127.0.0.1:9100/healthz"]
CMD ["python", "-m", "alarm_server"]

FROM service AS alarm-notifier
COPY --from=alarm-notifier-packages /opt/venv /opt/venv
COPY --chmod=755 alarms alarms
COPY --chmod=755 alarm_notifier alarm_notifier
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["healthcheck", "http://127.0.0.1:9100/healthz"]
CMD ["python", "-m", "alarm_notifier"]

FROM service AS telemetry-writer
COPY --from=core-packages /opt/venv /opt/venv
COPY --chmod=755 telemetry_writer telemetry_writer
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["healthcheck", "http://127.0.0.1:9100/healthz"]
CMD ["python", "-m", "telemetry_writer"]

FROM service AS verdict-relay
COPY --from=core-packages /opt/venv /opt/venv
COPY --chmod=755 verdict_relay verdict_relay
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["healthcheck", "http://127.0.0.1:9100/healthz"]
CMD ["python", "-m", "verdict_relay"]

FROM service AS housekeeping
COPY --from=core-packages /opt/venv /opt/venv
COPY --chmod=755 housekeeping housekeeping
COPY --chmod=755 deploy/definitions.json deploy/
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["healthcheck", "http://127.0.0.1:9100/healthz"]
CMD ["python", "-m", "housekeeping"]

FROM service AS flower
COPY --from=flower-packages /opt/venv /opt/venv
COPY --chmod=755 deploy/containers/flower-start /usr/local/bin/
EXPOSE 5555
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["healthcheck", "http://127.0.0.1:5555/healthcheck"]
CMD ["flower-start"]

FROM service AS triton-front
COPY --from=triton-front-packages /opt/venv /opt/venv
COPY --chmod=755 deploy/triton/front.py deploy/triton/front.py
EXPOSE 8000 8002
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["healthcheck", "http://127.0.0.1:8000/v2/health/live"]
CMD ["python", "deploy/triton/front.py", "--host", "0.0.0.0", "--http-port", "8000", "--metrics-port", "8002", \
     "--triton-http", "http://triton-server:8000", "--triton-metrics", "http://triton-server:8002"]

FROM python:3.11-slim-bookworm AS triton-cpu
ARG VERSION
LABEL org.opencontainers.image.version=$VERSION
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin satellite
COPY --from=triton-cpu-packages /opt/venv /opt/venv
COPY --chmod=755 deploy/containers/tritonserver deploy/containers/healthcheck /usr/local/bin/
COPY --chmod=755 deploy/triton/backends /opt/venv/backends
ENV PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8000 8001 8002
CMD ["tritonserver"]

# The one-shots: preflight, topics, migrate, self-test. They exit, so they have no health check.
FROM service AS one-shots
COPY --from=core-packages /opt/venv /opt/venv
COPY --chmod=755 db db
COPY --chmod=755 deploy/create_topics.py deploy/self_test.py deploy/preflight.py deploy/
HEALTHCHECK NONE

FROM service AS simulator
COPY --from=simulator-packages /opt/venv /opt/venv
COPY --chmod=755 telemetry_replay telemetry_replay
COPY --chmod=755 simulator simulator
COPY --chmod=755 tests/satellite_simulator.py tests/satellite_simulator.py
WORKDIR /srv/satellite/tests
HEALTHCHECK NONE
ENTRYPOINT ["python", "satellite_simulator.py", "--kafka", "kafka:9092"]
CMD ["--satellites", "3", "--interval", "3", "--duration", "60"]

FROM console-packages AS console
COPY --chmod=755 frontend ./
RUN ["npm", "run", "build"]

# The documentation is generated from the API, so the API's packages are here, too.
FROM locked AS documentation
RUN ["./install-packages", "docs", "operation-server"]
COPY --chmod=755 . /build/
COPY --from=console-packages /build/node_modules/@mermaid-js/tiny frontend/node_modules/@mermaid-js/tiny
RUN ["deploy/documentation/build", "/opt/venv/bin/python"]

FROM nginx:1.28.2-alpine AS frontend
ARG VERSION
LABEL org.opencontainers.image.version=$VERSION
COPY --chmod=755 nginx/frontend.conf /etc/nginx/nginx.conf
COPY --chmod=755 nginx/console.conf /etc/nginx/
COPY --from=console /build/dist /srv/frontend
COPY --from=documentation /build/.native/docs /srv/frontend/docs
USER 101:101
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
  CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz"]
CMD ["nginx"]

FROM nginx:1.28.2-alpine AS nginx
ARG VERSION
LABEL org.opencontainers.image.version=$VERSION
COPY --chmod=755 nginx/containers.conf /etc/nginx/nginx.conf
COPY --chmod=755 nginx/access.conf nginx/answers.conf nginx/gate.conf nginx/key.conf nginx/routes.conf nginx/write-allowed /etc/nginx/
COPY --chmod=755 nginx/gates /etc/nginx/gates
USER 101:101
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
  CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz"]
CMD ["sh", "-c", "umask 077 && /etc/nginx/write-allowed >/tmp/allowed.conf && exec nginx"]
