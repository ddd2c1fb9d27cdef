const advisory = /^([a-z]+\d?(-[a-z]+)*-\d{3,}[-:]\d+(-\d+)?|GHSA(-[0-9a-z]{4}){3})$/i;

/** What is asked for: CVE-2021-44228, RHSA-2024:1234, DSA-5020-1 and the like are vulnerabilities, everything else is a package. */
export function question(text: string): { vulnerability: string } | { package: string } {
  const name = text.trim();
  return advisory.test(name) ? { vulnerability: name } : { package: name };
}
