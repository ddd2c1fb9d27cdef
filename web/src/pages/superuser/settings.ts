/** The settings of a configuration as the lines of a table, by the names that the documentation uses: "Auth.FreshLoginMinutes". */
export function settings(value: unknown, name = ''): [string, string][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.entries(value).flatMap(([key, inner]) => settings(inner, name === '' ? key : `${name}.${key}`));
  if (Array.isArray(value) && value.some((each) => typeof each === 'object')) return value.flatMap((each, at) => settings(each, `${name}.${at}`));
  return [[name, Array.isArray(value) ? value.join(', ') : String(value ?? '')]];
}
