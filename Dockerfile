# The controller and the command line in one image. Build: docker build -t REGISTRY/headgate:0.1.0 .
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build

FROM node:24-bookworm-slim
# git reads and writes repositories, as a program, over ssh with OpenSSH's client; the certificates are for it, too.
RUN apt-get update \
 && apt-get install -y --no-install-recommends git openssh-client ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/dist/ /app/
RUN ln -s /app/headgate.js /usr/local/bin/headgate \
 && ln -s /app/kubectl-headgate.js /usr/local/bin/kubectl-headgate \
 && echo '{"type":"module"}' > /app/package.json
# A pass leaves little behind: by default V8 would keep 128 MiB for young objects alone.
ENV NODE_OPTIONS="--max-semi-space-size=8"
USER 1000:1000
EXPOSE 8090
ENTRYPOINT ["headgate"]
CMD ["controller"]
