import { useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '../../../api/client';
import { useSay } from '../../../ui/toasts';
import { t } from './messages';

export type Tag = Schema<'TagLifetime'>;

/** What one does to tags from the table; each says what happened, and a deletion can be undone at once. */
export function useTagActions(repository: string, after: () => void) {
  const say = useSay();
  const queries = useQueryClient();
  const refresh = () => Promise.all([queries.invalidateQueries({ queryKey: ['tags', repository] }), queries.invalidateQueries({ queryKey: ['history', repository] })]);
  const path = (tag: Tag) => ({ params: { path: { repository, tag: tag.name! } } });

  const forAll = async (tags: Tag[], work: (tag: Tag) => Promise<unknown>, said: () => void) => {
    try {
      for (const tag of tags) await work(tag);
      said();
      after();
    } catch (fault) {
      say.failed(t('failed'), fault);
    } finally {
      await refresh();
    }
  };

  return {
    refresh,
    setImmutable: (tags: Tag[], immutable: boolean) => forAll(tags,
      (tag) => api((c) => c.PUT('/api/v1/repository/{repository}/tag/{tag}', { ...path(tag), body: { immutable } })),
      () => say.done(t(immutable ? 'madeImmutable' : 'madeMutable', { count: tags.length }))),
    remove: (tags: Tag[]) => forAll(tags,
      (tag) => api((c) => c.DELETE('/api/v1/repository/{repository}/tag/{tag}', path(tag))),
      () => say.done(t('removed', { count: tags.length, tag: tags[0]!.name! }), async () => {
        for (const tag of tags)
          await api((c) => c.POST('/api/v1/repository/{repository}/tag/{tag}/restore', { ...path(tag), body: { manifest_digest: tag.manifest_digest! } }));
        await refresh();
      })),
  };
}
