// The one thing of Node's that virtual-core asks for: that this is no development build.
globalThis.process ??= { env: { NODE_ENV: "production" } };
