# The connector on Airbyte's Python base. Plain instructions only, so that any builder can build it.
ARG BASE_IMAGE=docker.io/airbyte/python-connector-base:4.0.2@sha256:9fdb1888c4264cf6fee473649ecb593f56f58e5d0096a87ee0b231777e2e3e73

FROM ${BASE_IMAGE} AS build
USER root
WORKDIR /build
# A virtual environment of its own: the same path in every base, and nothing of the base's own packages in it.
RUN python -m venv --without-pip /opt/connector
# The dependencies before the code, which changes far more often. LOCK=requirements-runner.lock makes the image for AWS:
# what the runners on Fargate and Lambda need besides (docs/running.md).
ARG LOCK=requirements.lock
COPY requirements.lock requirements-runner.lock ./
RUN python -m pip --python /opt/connector/bin/python install --no-cache-dir --no-compile --require-hashes -r ${LOCK}
COPY pyproject.toml LICENSE ./
COPY source_meta_ads ./source_meta_ads
RUN python -m pip --python /opt/connector/bin/python install --no-cache-dir --no-compile --no-deps --no-build-isolation .
# Checked by nothing at run time: copying the files can't make the bytecode stale, and a read-only root file system
# starts as fast as a writable one.
RUN /opt/connector/bin/python -m compileall -qq --invalidation-mode unchecked-hash /opt/connector/lib

FROM ${BASE_IMAGE}
USER root
RUN id airbyte >/dev/null 2>&1 || useradd --uid 1000 --user-group --no-create-home --shell /usr/sbin/nologin airbyte
COPY --from=build /opt/connector /opt/connector
WORKDIR /airbyte/integration_code
COPY main.py LICENSE ./
ENV PATH=/opt/connector/bin:$PATH PYTHONDONTWRITEBYTECODE=1
# As a number, so that Kubernetes can see that it isn't root.
USER 1000:1000
ENV AIRBYTE_ENTRYPOINT="python /airbyte/integration_code/main.py"
ENTRYPOINT ["python", "/airbyte/integration_code/main.py"]
LABEL io.airbyte.name="airbyte/source-meta-ads" \
      io.airbyte.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
