import { conformsAsDiscussion } from '../../../../test/conformance/discussion.ts';
import { startGitLabDiscussion } from '../../../../test/conformance/discussions.ts';

conformsAsDiscussion('gitlab', startGitLabDiscussion);
