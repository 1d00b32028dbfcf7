# syntax=docker/dockerfile:1
# Parley without the embedded ClickHouse: in a container it uses a server elsewhere, and saves 546 MB.
#
# `npm ci --omit=optional` would leave too much out: the native parts of snappy and lz4-napi, one for each platform, are
# optional dependencies as well, and without them a compressed topic cannot be read. So the two packages of the embedded
# engine are taken out of the lock file, which needs no network.
FROM node:22.21.1-bookworm-slim AS base
WORKDIR /app
ENV NPM_CONFIG_UPDATE_NOTIFIER=false NPM_CONFIG_AUDIT=false NPM_CONFIG_FUND=false
COPY package.json package-lock.json ./

# What runs. No install script is needed: every native part comes built.
FROM base AS dependencies
RUN npm uninstall chdb ffi-rs --package-lock-only --ignore-scripts && \
    npm ci --omit=dev --ignore-scripts && \
    npm cache clean --force

# ffi-rs stays here: the compiler reads its types.
FROM base AS build
RUN npm uninstall chdb --package-lock-only --ignore-scripts && npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json vite.config.ts ./
COPY src src
RUN npm run --silent build

# The servers' helpers of docker compose: topics, schemas and live events, from the sources.
FROM build AS tools
COPY scripts/stack scripts/stack
USER node
ENTRYPOINT ["node", "--import", "tsx"]

FROM base AS parley
ENV NODE_ENV=production \
    PARLEY_HTTP_HOST=0.0.0.0 \
    PARLEY_HTTP_PORT=8080 \
    PARLEY_STATE_DIR=/var/lib/parley
RUN mkdir -p /var/lib/parley && chown node:node /var/lib/parley
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY bin bin
COPY clickhouse clickhouse
COPY schemas schemas
COPY seeds seeds
USER node
# A copy of what the journals have. Each container needs one of its own.
VOLUME /var/lib/parley
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PARLEY_HTTP_PORT + '/health/live').then((response) => process.exit(response.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/app/bin/parley.js"]
CMD ["run"]
