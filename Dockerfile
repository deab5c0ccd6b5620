# The command line and the emulated 3CX, as a user without rights. docs/guides/containers.md shows both in use.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY docs/pbx.md docs/pbx.md
COPY src src
COPY emulator emulator
# What hatchling builds is installed with the pinned packages only, each checked against its hash.
RUN python -m venv /opt/trunkline \
 && /opt/trunkline/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
 && /opt/trunkline/bin/pip install --no-cache-dir --no-deps --no-build-isolation . ./emulator

FROM python:3.11-slim-bookworm
RUN useradd --create-home --uid 10001 trunkline
COPY --from=build /opt/trunkline /opt/trunkline
ENV PATH=/opt/trunkline/bin:$PATH
USER 10001
WORKDIR /home/trunkline
# Files that are written, such as saved connections and tokens, are for this user only.
ENTRYPOINT ["/bin/sh", "-c", "umask 077 && exec trunkline \"$@\"", "trunkline"]
CMD ["--help"]
