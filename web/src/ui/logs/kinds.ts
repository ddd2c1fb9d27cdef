import { kindWords, knownKinds, template } from './messages';

/** The kinds of an address: `push_repo,create_tag`. */
export const kindsOf = (text: string | undefined): string[] => [...new Set((text ?? '').split(',').map((each) => each.trim()).filter((each) => each !== ''))];

/** Those in whose name, or in what the log says of them, all of these words are. */
export function kindsLike(text: string): string[] {
  const words = text.toLowerCase().split(/[\s_]+/).filter((each) => each !== '');
  return knownKinds.filter((kind) => {
    const said = `${kindWords(kind)} ${template(kind)}`.toLowerCase();
    return words.every((each) => said.includes(each));
  });
}
