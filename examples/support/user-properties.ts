/** The first value of an MQTT 5 user property; a name may stand there more than once. */
export function oneOf(properties: Record<string, string | string[]> | undefined, name: string): string | undefined {
  const value = properties?.[name];
  return Array.isArray(value) ? value[0] : value;
}
