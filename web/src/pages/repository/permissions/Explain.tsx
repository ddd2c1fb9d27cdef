import { Alert, Button, Card, CardBody, CardTitle, Form, FormGroup, FormSelect, FormSelectOption, List, ListItem } from '@patternfly/react-core';
import { useState } from 'react';
import { api, type Schema } from '../../../api/client';
import { EntityPicker, type Entity } from '../../../ui/entities/EntityPicker';
import { Problem } from '../../../ui/Problem';
import { t } from './messages';

const actions = ['pull', 'push', 'delete', 'admin'] as const;

/** Asks the registry why somebody may, or may not, do something with a repository. */
export function Explain({ repository }: { repository: string }) {
  const [who, setWho] = useState<Entity | null>(null);
  const [action, setAction] = useState<(typeof actions)[number]>('push');
  const [answer, setAnswer] = useState<Schema<'ExplainedPermission'> | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const ask = async () => {
    setFault(null);
    try {
      setAnswer(await api((c) => c.GET('/api/v1/permission/explain', { params: { query: { repository, action, ...(who ? { subject: who.name! } : {}) } } })));
    } catch (problem) {
      setAnswer(null);
      setFault(problem);
    }
  };
  return (
    <Card>
      <CardTitle component="h2">{t('explain')}</CardTitle>
      <CardBody>
        <p className="wharf-faint">{t('explainHelp')}</p>
        <Form onSubmit={(e) => { e.preventDefault(); void ask(); }}>
          <FormGroup label={t('subject')}><EntityPicker label={t('subject')} teams={false} kinds={['user', 'robot']} namespace={repository.split('/')[0]!} onPick={setWho} /></FormGroup>
          <FormGroup label={t('action')} fieldId="explain-action">
            <FormSelect id="explain-action" value={action} onChange={(_, value) => setAction(value as typeof action)}>
              {actions.map((each) => <FormSelectOption key={each} value={each} label={t(each)} />)}
            </FormSelect>
          </FormGroup>
          <div><Button type="submit" variant="secondary">{t('ask')}</Button></div>
        </Form>
        {fault !== null && <Problem fault={fault} />}
        {answer && (
          <Alert isInline className="wharf-arrival" component="p" variant={answer.allowed ? 'success' : 'warning'} title={t(answer.allowed ? 'may' : 'mayNot', { subject: answer.subject!, action: t(action) })}>
            <p>{answer.reason}</p>
            {(answer.sources ?? []).length > 0 && (
              <>
                <p>{t('sources')}:</p>
                <List>{answer.sources!.map((each, at) => <ListItem key={at}>{each.kind}, {each.role}{each.team && `, ${t('via', { team: each.team })}`}{each.granted_by && `, ${t('by', { name: each.granted_by })}`}</ListItem>)}</List>
              </>
            )}
            {(answer.limits ?? []).map((each) => <p key={each}>{each}</p>)}
          </Alert>
        )}
      </CardBody>
    </Card>
  );
}
