import { Card, CardBody, CardTitle, DescriptionList, Grid, GridItem } from '@patternfly/react-core';
import { Code } from '../../../ui/Copy';
import { Teach } from '../../../ui/Teach';
import { Time } from '../../../ui/Time';
import { Pairs, Row } from './DetailsTab';
import type { Manifest } from './ManifestPage';
import { t } from './messages';

// Other people's JSON: what is not of the expected kind is not shown.
type Json = Record<string, unknown>;
const object = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {});
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []);
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

export function ConfigTab({ manifest }: { manifest: Manifest }) {
  if (manifest.config === null || manifest.config === undefined) return <Teach title={t('config')}>{manifest.config_problem ?? t('noConfig')}</Teach>;
  const config = object(manifest.config);
  const run = object(config['config']);
  const labels = Object.fromEntries(Object.entries(object(run['Labels'])).filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
  return (
    <Grid hasGutter>
      <GridItem lg={6}>
        <Card>
          <CardTitle component="h2">{t('config')}</CardTitle>
          <CardBody>
            <DescriptionList isHorizontal isCompact>
              <Row name={t('os')}>{[text(config['os']), text(config['architecture']), text(config['variant'])].filter(Boolean).join('/')}</Row>
              <Row name={t('created')}><Time at={text(config['created'])} none="–" /></Row>
              {texts(run['Entrypoint']).length > 0 && <Row name={t('entrypoint')}><code>{texts(run['Entrypoint']).join(' ')}</code></Row>}
              {texts(run['Cmd']).length > 0 && <Row name={t('cmd')}><code>{texts(run['Cmd']).join(' ')}</code></Row>}
              {text(run['User']) && <Row name={t('user')}><code>{text(run['User'])}</code></Row>}
              {text(run['WorkingDir']) && <Row name={t('workdir')}><code>{text(run['WorkingDir'])}</code></Row>}
              {Object.keys(object(run['ExposedPorts'])).length > 0 && <Row name={t('ports')}>{Object.keys(object(run['ExposedPorts'])).join(', ')}</Row>}
              {Object.keys(object(run['Volumes'])).length > 0 && <Row name={t('volumes')}>{Object.keys(object(run['Volumes'])).join(', ')}</Row>}
            </DescriptionList>
          </CardBody>
        </Card>
      </GridItem>
      <GridItem lg={6}>
        <Card><CardTitle component="h2">{t('labels')}</CardTitle><CardBody><Pairs pairs={labels} /></CardBody></Card>
      </GridItem>
      {texts(run['Env']).length > 0 && <GridItem><Card><CardTitle component="h2">{t('env')}</CardTitle><CardBody><Code what={t('env')} text={texts(run['Env']).join('\n')} /></CardBody></Card></GridItem>}
    </Grid>
  );
}
