import { workspace } from '../api/client.ts';
import { PageHead } from '../parts/PageHead.tsx';
import { Tabs, useTab } from '../parts/Tabs.tsx';
import { GroupsTab } from './GroupsTab.tsx';
import { PeopleTab } from './PeopleTab.tsx';
import { RulesTab } from './RulesTab.tsx';
import { TrustsTab } from './TrustsTab.tsx';
import './users.css';

const tabs = ['people', 'groups', 'rules', 'github'] as const;

/** Who is known here, and what they may do. */
export function UsersPage() {
  const tab = useTab(tabs);
  return (
    <>
      <PageHead title="Users & roles" />
      <p className="hint">
        Who is known to this deployment, and what they may do in the workspace <strong>{workspace}</strong>.
      </p>
      <Tabs
        label="Users and roles"
        tabs={tabs}
        titles={{ people: 'People & services', groups: 'Groups', rules: 'Rules', github: 'GitHub Actions' }}
      />
      {tab === 'people' && <PeopleTab />}
      {tab === 'groups' && <GroupsTab />}
      {tab === 'rules' && <RulesTab />}
      {tab === 'github' && <TrustsTab />}
    </>
  );
}
