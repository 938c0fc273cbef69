/** The direction of imports (ARCHITECTURE.md). An arrow that is not listed here is an error, and so is any cycle. */
const part = (name) => `^${name}/`;

/** For each folder, the folders it may import from (itself is always allowed). */
const allowed = {
  foundation: [],
  discovery: ['foundation'],
  k8s: ['foundation'],
  join: ['foundation', 'k8s'],
  oci: ['foundation'],
  node: ['foundation', 'k8s/client', 'k8s/core'],
  examples: ['node/client', 'oci/core'],
  'bootstrap-image': ['foundation', 'join/protocol'],
  api: ['foundation', 'discovery', 'join', 'k8s', 'oci/core'],
  appliance: ['foundation', 'discovery', 'join', 'k8s', 'api', 'bootstrap-image', 'oci'],
  lab: ['foundation', 'api/client', 'bootstrap-image', 'join/protocol', 'k8s/k3s'],
  cli: ['foundation', 'api/client'],
  scripts: ['foundation', 'discovery', 'join', 'k8s', 'api', 'bootstrap-image', 'oci', 'appliance', 'lab', 'cli'],
};
const parts = Object.keys(allowed).filter((p) => p !== 'scripts');

/** A core is the pure half of a part, wherever in it. */
const CORE = ['^[^/]+/core/', '^bootstrap-image/agent/core/'];

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    // `?url` asks Vite for the address of a file.
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '\\?url$' } },
    ...parts.map((from) => ({
      name: `${from}-imports-only-below`,
      severity: 'error',
      comment: `${from} may import from: ${allowed[from].join(', ') || 'nothing else'}`,
      from: { path: part(from), pathNot: '^cli/(main|run-lab|support/collect|commands/(start|lab|doctor))\\.ts$' },
      to: {
        path: [...parts, 'ui', 'test', 'scripts'].filter((p) => p !== from).map(part),
        pathNot: allowed[from].map(part),
      },
    })),
    {
      name: 'core-is-pure',
      severity: 'error',
      comment: 'A core decides; it imports no node:*, no Kubernetes, no network.',
      from: { path: ['^foundation/', ...CORE, '^join/protocol/'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-uses-no-adapter-library',
      severity: 'error',
      from: { path: ['^foundation/', ...CORE, '^join/protocol/'] },
      to: { path: 'node_modules', pathNot: 'node_modules/(xstate|zod|lru-cache)/' },
    },
    {
      name: 'core-imports-only-cores',
      severity: 'error',
      from: { path: CORE },
      to: { path: '^[^/]+/', pathNot: ['^foundation/', ...CORE, '^join/protocol/', 'node_modules'] },
    },
    { name: 'product-never-imports-tests', severity: 'error', from: { pathNot: '^test/' }, to: { path: '^test/' } },
    {
      name: 'kubernetes-client-in-one-place',
      severity: 'error',
      from: { pathNot: '^k8s/client/' },
      to: { path: 'node_modules/@kubernetes/client-node' },
    },
    {
      name: 'forge-in-one-place',
      severity: 'error',
      comment: 'docs/adr: node-forge makes RSA for the operators page, nothing else.',
      from: { pathNot: '^api/server/page-certificate/' },
      to: { path: 'node_modules/node-forge' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dist/', '^ui/dist/', '^node_modules/', '^coverage/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
