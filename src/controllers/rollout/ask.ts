import { ApiError, type KubeClient } from '../../kube/client.ts';
import { replicaSets } from '../../kube/resources.ts';
import { candidateLike, type Observation, templateQuestion } from '../../rollout/index.ts';

/** With the API server's word on whether a ReplicaSet runs the template already, where only it can tell. Nothing is stored. */
export async function withAnswer(client: KubeClient, seen: Observation): Promise<Observation> {
  const question = templateQuestion(seen);
  if (!question) return seen;
  try {
    const answer = await client.create(replicaSets, question.object, { dryRun: true });
    const name = candidateLike(question, answer);
    return name ? { ...seen, sameTemplate: name } : seen;
  } catch (error) {
    // A server in trouble is asked again; what it says no to is told of when the ReplicaSet is to be made.
    const isNo = error instanceof ApiError && error.code < 500 && error.code !== 429;
    if (isNo) return seen;
    throw error;
  }
}
