const { createRequire, isBuiltin } = require("node:module");
const { compileFunction } = require("node:vm");
const { default: Runtime } = require("jest-runtime");

/**
 * jest evaluates every module anew for each test file, Pulumi's SDK and its thousand files too. Here only our own
 * modules are: what comes from node_modules is loaded by Node, once in a process, and kept while jest watches.
 * For both to share one `Promise` and one `Array`, ours are compiled among Node's globals (see `jestEnvironment.ts`).
 */
module.exports = class extends Runtime {
  constructor(...args) {
    super(...args);
    // the one place where jest asks for a context of its own; jest is pinned exactly, and so is jest-runtime
    this.executor.compile = (source, filename) =>
      compileFunction(source, this.executor.injectedModuleParameters, { filename });
  }

  requireModule(from, name, options, ...rest) {
    const isPackage = name !== undefined && !/^[./]/.test(name) && !isBuiltin(name);
    if (isPackage && !options?.isInternalModule) {
      const require = createRequire(from);
      const path = require.resolve(name);
      // a workspace is a link to our own modules
      if (path.includes("/node_modules/")) return require(path);
    }
    return super.requireModule(from, name, options, ...rest);
  }
};
