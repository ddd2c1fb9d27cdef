// What calls itself by several names comes before what it also calls itself.
const browsers = [[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrom(e|ium)\//, 'Chrome'], [/Safari\//, 'Safari']] as const;
const systems = [[/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']] as const;

/** "Firefox, Linux" of a browser's User-Agent; what is no known browser is shown as it is, cut. */
export function browserName(agent: string): string {
  const browser = browsers.find(([known]) => known.test(agent))?.[1];
  const system = systems.find(([known]) => known.test(agent))?.[1];
  return browser === undefined ? agent.slice(0, 60) : [browser, system].filter(Boolean).join(', ');
}
