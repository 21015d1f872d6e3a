# The ready-to-run site. `make image` builds it, and docs/containers.md describes how to run it.
#
# BASE is any image with Python 3.11 or later, pip and venv. With a digest (python@sha256:…) the same
# source makes the same image; the libraries are pinned by hash in requirements/site.txt.
ARG BASE=docker.io/library/python:3.13-slim-trixie

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements/site.txt /build/
# Wheels only, so no compiler is needed; and no pip, because nobody installs anything later.
RUN python3 -m venv --without-pip /opt/venv \
    && python3 -m pip --python /opt/venv/bin/python install --quiet \
        --require-hashes --only-binary :all: --requirement /build/site.txt
WORKDIR /app
COPY . .
# The app is installed, so that it has its version; what builds it goes. Reading the settings makes keys,
# which must not be in the image: /build is not.
ARG VERSION=0+unknown
RUN SETUPTOOLS_SCM_PRETEND_VERSION="${VERSION}" python3 -m pip --python /opt/venv/bin/python install --quiet \
        --no-deps --no-build-isolation . \
    && rm -r registries pyproject.toml README.md \
    && python3 -m pip --python /opt/venv/bin/python uninstall --quiet --yes \
        editables hatch-vcs hatchling pathspec pluggy setuptools setuptools-scm trove-classifiers vcs-versioning \
    && DATA_DIR=/build/data STATIC_ROOT=/app/static \
        /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
    && /opt/venv/bin/python -m whitenoise.compress --quiet static \
    && /opt/venv/bin/python -m compileall -q .

FROM ${BASE}
ARG VERSION=0+unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Container registries for Django" \
    org.opencontainers.image.description="Addresses and credentials of container registries: configured once, checked for real, used everywhere." \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
RUN groupadd --gid 10001 site \
    && useradd --uid 10001 --gid site --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin site \
    && install --directory --owner=site --group=site --mode=700 /data
# They belong to root, so the site cannot change its own code.
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data \
    STATIC_ROOT=/app/static
WORKDIR /app
# By number, because Kubernetes cannot tell whether a name is root's (runAsNonRoot).
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 \
    CMD ["python", "deploy/healthy.py"]
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "ssmsite.wsgi"]
