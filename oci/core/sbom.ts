/** A Debian package, an npm package, or Node itself, as it is in an image. */
export interface Component {
  readonly name: string;
  readonly version: string;
  readonly origin: 'debian' | 'npm' | 'node';
}

/** What an image is made of, as CycloneDX 1.6 JSON; without a time or a serial number, so that it is reproducible. */
export function sbom(
  image: { readonly name: string; readonly version: string; readonly architecture: string; readonly debian: string },
  components: readonly Component[],
): string {
  const sorted = [...components].sort((one, other) => compare(urlOf(one, image), urlOf(other, image)));
  return `${JSON.stringify(
    {
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: { component: { type: 'container', name: image.name, version: image.version } },
      components: sorted.map((component) => ({
        type: component.origin === 'npm' ? 'library' : 'application',
        name: component.name,
        version: component.version,
        purl: urlOf(component, image),
      })),
    },
    null,
    1,
  )}\n`;
}

function urlOf({ name, version, origin }: Component, image: { architecture: string; debian: string }): string {
  const at = `${encodeURIComponent(name).replace('%2F', '/')}@${encodeURIComponent(version)}`;
  if (origin === 'npm') return `pkg:npm/${at}`;
  if (origin === 'node') return `pkg:generic/${at}?arch=${image.architecture}`;
  return `pkg:deb/debian/${at}?arch=${image.architecture}&distro=debian-${image.debian}`;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
