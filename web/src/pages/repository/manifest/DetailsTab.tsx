import { Button, Card, CardBody, CardHeader, CardTitle, DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm, FormGroup, Grid, GridItem, Label, LabelGroup, TextInput } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { api } from '../../../api/client';
import { registryHost } from '../../../api/session';
import { bytes } from '../../../messages/format';
import { Ask } from '../../../ui/Ask';
import { Code, DigestText } from '../../../ui/Copy';
import { Loaded } from '../../../ui/Loaded';
import { Time } from '../../../ui/Time';
import { useSay } from '../../../ui/toasts';
import { referencePath } from '../address';
import type { Manifest } from './ManifestPage';
import { t } from './messages';
import { platformName } from './names';

export function DetailsTab({ repository, reference, manifest, canWrite }: { repository: string; reference: string; manifest: Manifest; canWrite: boolean }) {
  const image = `${registryHost()}/${repository}`;
  const tag = reference.includes(':') ? manifest.tags[0] : reference;
  return (
    <Grid hasGutter>
      <GridItem lg={7}>
        <Card>
          <CardTitle component="h2">{t('details')}</CardTitle>
          <CardBody>
            <DescriptionList isHorizontal isCompact>
              <Row name={t('digest')}><DigestText digest={manifest.digest} /></Row>
              <Row name={t('size')}>{bytes(manifest.size)}</Row>
              <Row name={t('pushed')}><Time at={manifest.pushed} /></Row>
              <Row name={t('tags')}>{manifest.tags.length === 0 ? <span className="wharf-faint">{t('noTags')}</span> : <LabelGroup numLabels={8}>{manifest.tags.map((each) => <Label key={each} color="blue">{each}</Label>)}</LabelGroup>}</Row>
              <Row name={t('mediaType')}><code>{manifest.media_type}</code></Row>
              {manifest.artifact_type && <Row name={t('artifactType')}><code>{manifest.artifact_type}</code></Row>}
              {manifest.subject && <Row name={t('subject')}>{manifest.subject.present ? <Link to="/repository/$" params={{ _splat: referencePath(repository, manifest.subject.digest) }}><code>{manifest.subject.digest.slice(0, 19)}</code></Link> : <code>{manifest.subject.digest.slice(0, 19)}</code>}</Row>}
            </DescriptionList>
          </CardBody>
        </Card>
      </GridItem>
      <GridItem lg={5}>
        <Card>
          <CardTitle component="h2">{t('pull')}</CardTitle>
          <CardBody>
            <div className="wharf-commands">
              {tag !== undefined && <Code what={t('byTag')} text={`podman pull ${image}:${tag}`} />}
              <Code what={t('byDigest')} text={`podman pull ${image}@${manifest.digest}`} />
            </div>
          </CardBody>
        </Card>
      </GridItem>
      {manifest.platforms && (
        <GridItem>
          <Card>
            <CardTitle component="h2">{t('platforms')}</CardTitle>
            <CardBody>
              <Table variant="compact" aria-label={t('platforms')}>
                <Thead><Tr><Th>{t('platform')}</Th><Th>{t('size')}</Th><Th>{t('digest')}</Th></Tr></Thead>
                <Tbody>
                  {manifest.platforms.map((each) => (
                    <Tr key={each.digest}>
                      <Td dataLabel={t('platform')}>{each.present ? <Link to="/repository/$" params={{ _splat: referencePath(repository, each.digest) }}>{platformName(each)}</Link> : <>{platformName(each)} <Label isCompact>{t('absent')}</Label></>}</Td>
                      <Td dataLabel={t('size')}>{each.size != null ? bytes(each.size) : ''}</Td>
                      <Td dataLabel={t('digest')}><DigestText digest={each.digest} /></Td>
                    </Tr>
                  ))}
                </Tbody>
              </Table>
            </CardBody>
          </Card>
        </GridItem>
      )}
      <GridItem lg={6}><Labels repository={repository} digest={manifest.digest} canWrite={canWrite} /></GridItem>
      <GridItem lg={6}>
        <Card>
          <CardTitle component="h2">{t('annotations')}</CardTitle>
          <CardBody><Pairs pairs={manifest.annotations} /></CardBody>
        </Card>
      </GridItem>
    </Grid>
  );
}

export function Row({ name, children }: { name: string; children: ReactNode }) {
  return <DescriptionListGroup><DescriptionListTerm>{name}</DescriptionListTerm><DescriptionListDescription>{children}</DescriptionListDescription></DescriptionListGroup>;
}

export function Pairs({ pairs }: { pairs: Record<string, string> | null | undefined }) {
  const all = Object.entries(pairs ?? {});
  if (all.length === 0) return <p className="wharf-faint">–</p>;
  return <dl className="wharf-pairs">{all.map(([key, value]) => <div key={key}><dt><code>{key}</code></dt><dd>{value}</dd></div>)}</dl>;
}

function Labels({ repository, digest, canWrite }: { repository: string; digest: string; canWrite: boolean }) {
  const say = useSay();
  const queries = useQueryClient();
  const path = { repository, manifestref: digest };
  const query = useQuery({ queryKey: ['labels', repository, digest], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/repository/{repository}/manifest/{manifestref}/labels', { params: { path }, signal })) });
  const [adding, setAdding] = useState(false);
  const [key, setKey] = useState('');
  const [value, setValue] = useState('');
  const refresh = () => queries.invalidateQueries({ queryKey: ['labels', repository, digest] });
  const put = (pair: { key: string; value: string }) => api((c) => c.POST('/api/v1/repository/{repository}/manifest/{manifestref}/labels', { params: { path }, body: { ...pair, media_type: 'text/plain' } }));
  const add = async () => {
    await put({ key, value });
    await refresh();
    setKey('');
    setValue('');
    say.done(t('labelAdded'));
  };
  const remove = async (label: { id: string; key: string; value: string }) => {
    try {
      await api((c) => c.DELETE('/api/v1/repository/{repository}/manifest/{manifestref}/labels/{labelid}', { params: { path: { ...path, labelid: label.id } } }));
      await refresh();
      say.done(t('labelRemoved'), async () => { await put(label); await refresh(); });
    } catch (fault) {
      say.failed(t('failed'), fault);
    }
  };
  return (
    <Card>
      <CardHeader actions={canWrite ? { actions: <Button variant="link" onClick={() => setAdding(true)}>{t('addLabel')}</Button>, hasNoOffset: true } : undefined}><CardTitle component="h2">{t('labels')}</CardTitle></CardHeader>
      <CardBody>
        <Loaded query={query}>
          {({ labels }) => labels.length === 0 ? <p className="wharf-faint">{t('noLabels')}</p> : (
            <LabelGroup numLabels={30}>
              {labels.map((each) => (
                <Label key={each.id} {...(canWrite && each.source_type === 'api' ? { onClose: () => void remove(each), closeBtnAriaLabel: t('removeLabel', { key: each.key }) } : {})} color={each.source_type === 'api' ? 'blue' : 'grey'}>
                  {each.key}={each.value}
                </Label>
              ))}
            </LabelGroup>
          )}
        </Loaded>
      </CardBody>
      {adding && (
        <Ask title={t('addLabel')} action={t('add')} onAction={add} onClose={() => setAdding(false)} ready={key !== '' && value !== ''}>
          <FormGroup label={t('key')} fieldId="label-key"><TextInput id="label-key" value={key} onChange={(_, typed) => setKey(typed.trim())} spellCheck={false} /></FormGroup>
          <FormGroup label={t('value')} fieldId="label-value"><TextInput id="label-value" value={value} onChange={(_, typed) => setValue(typed)} spellCheck={false} /></FormGroup>
        </Ask>
      )}
    </Card>
  );
}
