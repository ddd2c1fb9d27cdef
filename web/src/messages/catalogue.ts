/**
 * The words of one area of the pages, in English where they are used. Another language is a file of the same keys: `languages` has
 * them by area. Words in braces are values: `t('pulled', { count: 3 })`. A key with forms (`{ one, other }`) is chosen by `count`.
 */
type Forms = { one: string; other: string };
type Words = Record<string, string | Forms>;
type Values = Record<string, string | number>;

/** Translations by language and area; a key that is missing there falls back to English. */
const languages: Record<string, Record<string, Words>> = {};

export const language = Object.keys(languages).find((known) => navigator.languages.some((wanted) => wanted.split('-')[0] === known)) ?? 'en';

const plural = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(language);

export function catalogue<const W extends Words>(area: string, english: W): (key: keyof W & string, values?: Values) => string {
  const own = languages[language]?.[area];
  return (key, values) => {
    const words = own?.[key] ?? english[key] ?? key;
    const text = typeof words === 'string' ? words : plural.select(Number(values?.['count'] ?? 0)) === 'one' ? words.one : words.other;
    return values === undefined ? text : text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      return value === undefined ? whole : typeof value === 'number' ? number.format(value) : value;
    });
  };
}
