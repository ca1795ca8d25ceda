/** What people do with a pull request besides merging it: they talk about it, and are asked to look at it. */
import { askForReview } from '../world.ts';
import { type Answer, type Call, failure, notPermitted, ok } from './call.ts';
import { accountOf, type DataCenterPull } from './pulls.ts';

export const TEXT_CHARACTERS = 32_767;

const shownComment = ({ id, version, author, body: text }: DataCenterPull['comments'][number]) => ({
  id,
  version,
  text,
  author: accountOf(author),
});

/** Newest first. */
export function activities({ comments, state, mergeCommit }: DataCenterPull) {
  const said = comments.map((each) => ({
    action: 'COMMENTED',
    commentAction: 'ADDED',
    comment: shownComment(each),
  }));
  const merged = state === 'MERGED' ? [{ action: 'MERGED', commit: { id: mergeCommit } }] : [];
  return [...said, ...merged].reverse();
}

/** Who may read may say something; only the author may change it. */
export function say({ rights, body }: Call, { comments }: DataCenterPull, id: number | undefined): Answer {
  const text = String(body.text);
  if (text.length > TEXT_CHARACTERS) {
    const message = `Please enter a non-empty value less than ${TEXT_CHARACTERS + 1} characters`;
    return failure(400, 'validation.ArgumentValidationException', message);
  }
  if (id === undefined) {
    const said = { id: comments.length + 1, version: 0, author: rights.login, body: text };
    comments.push(said);
    return { status: 201, body: shownComment(said) };
  }
  const said = comments.find((each) => each.id === id);
  if (!said) return failure(404, 'comment.NoSuchCommentException', `Comment ${id} does not exist.`);
  if (said.author !== rights.login) return notPermitted();
  if (said.version !== body.version) {
    return failure(409, 'comment.CommentOutOfDateException', 'You are attempting to modify a comment out of date.');
  }
  Object.assign(said, { body: text, version: said.version + 1 });
  return ok(shownComment(said));
}

export function askParticipant({ rights, body, hosted }: Call, pull: DataCenterPull): Answer {
  const { user = {}, role } = body as { user?: { name?: string }; role?: string };
  const { name = '' } = user;
  if (!rights.write) return notPermitted();
  if (role !== 'REVIEWER' || name === pull.author) {
    return failure(400, 'validation.ArgumentValidationException', 'The role of the author cannot be changed.');
  }
  if (hosted.collaborators?.has(name) === false) {
    return failure(409, 'pull.InvalidPullRequestReviewersException', `${name} is not able to see the repository.`);
  }
  askForReview(pull.reviews, name);
  return ok({ user: accountOf(name), role, approved: false });
}
