import { isAlreadyExists, type KubeClient } from '../../kube/client.ts';
import { replicaSets } from '../../kube/resources.ts';
import { candidateLike, type Observation, templateQuestion } from '../../rollout/index.ts';
import { refuses } from './refusals.ts';

/** With the API server's word on whether a ReplicaSet runs the template already, where only it can tell. Nothing is stored. */
export async function withAnswer(client: KubeClient, seen: Observation): Promise<Observation> {
  const question = templateQuestion(seen);
  if (!question) return seen;
  try {
    const answer = await client.create(replicaSets, question.object, { dryRun: true });
    const name = candidateLike(question, answer);
    return name ? { ...seen, sameTemplate: name } : seen;
  } catch (error) {
    // A template that it does not take, and a name that somebody has, are told of when the ReplicaSet is to be made.
    if (refuses(error) || isAlreadyExists(error)) return seen;
    throw error;
  }
}
