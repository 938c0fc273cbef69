import packageJson from '../package.json' with { type: 'json' };

/** The version of this appliance, as in package.json. */
export function applianceVersion(): string {
  return packageJson.version;
}
