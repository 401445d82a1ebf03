"""Sends an upload to the Hub: one commit, so that a repository is never half a model.

huggingface_hub sends large files first and on their own; what arrived is not sent again by the
next try, and only when all are there is the commit made.
"""

import os

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi, constants, get_token
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from whetstone.finetuning.errors import ConfigError, OutsideError, Problem
from whetstone.finetuning.publish.parts import Upload

_DENIED = (401, 403)
_AGAIN = "The same command goes on: what arrived is not sent again."


def check_access() -> None:
    """Refuse an upload that cannot begin, before anything is read.

    Raises:
        ConfigError: there is no token, or the Hub is switched off.

    """
    problems = []
    if not get_token():
        remedy = "set it to a token that may write (hf.co/settings/tokens), or run `hf auth login`"
        problems.append(Problem("HF_TOKEN", f"push=true needs it: {remedy}"))
    if constants.HF_HUB_OFFLINE:
        given = os.environ.get("HF_HUB_OFFLINE", "1")
        problems.append(Problem(f"HF_HUB_OFFLINE={given}", "push=true needs the network; unset it"))
    if problems:
        raise ConfigError(problems)


def send(upload: Upload) -> str:
    """Upload, and return where it can be seen.

    Raises:
        ConfigError: the token may not write there, or what is there is public.
        OutsideError: the Hub cannot be reached, or the connection was lost.

    """
    try:
        return _send(HfApi(), upload)
    except HfHubHTTPError as error:
        raise _refused(upload, error) from error
    except (httpx2.HTTPError, OfflineModeIsEnabled, ConnectionError, TimeoutError) as error:
        raise _lost(error) from error
    except PermissionError as error:
        if error.errno is not None:  # a file of ours that cannot be read
            raise
        raise _denied(upload, "no") from error  # how the Hub's fast transfer says it
    except RuntimeError as error:  # how huggingface_hub wraps what befell one of several files
        if isinstance(error.__cause__, HfHubHTTPError):
            raise _refused(upload, error.__cause__) from error
        if isinstance(error.__cause__, httpx2.HTTPError | OSError):
            raise _lost(error.__cause__) from error
        raise


def _send(api: HfApi, upload: Upload) -> str:
    place = api.create_repo(
        upload.repo, repo_type=upload.kind, private=upload.private, exist_ok=True
    )
    if upload.private and not api.repo_info(upload.repo, repo_type=upload.kind).private:
        remedy = "this repository is public; add private=false if everybody may see it"
        raise ConfigError([Problem(f"repo={upload.repo}", remedy)])
    api.create_commit(
        upload.repo,
        [
            CommitOperationAdd(
                part.path, part.source if isinstance(part.source, bytes) else str(part.source)
            )
            for part in upload.parts
        ],
        commit_message=upload.message,
        repo_type=upload.kind,
    )
    return str(place)


def _refused(upload: Upload, error: HfHubHTTPError) -> Exception:
    status = error.response.status_code
    if status in _DENIED:
        return _denied(upload, str(status))
    told = " ".join(str(error.server_message or error).split())
    return OutsideError(f"The Hub answered {status}: {told}\n{_AGAIN}")


def _denied(upload: Upload, answer: str) -> ConfigError:
    remedy = f"the Hub says {answer} to this token: it has to be able to write to the owner's"
    return ConfigError([Problem(f"repo={upload.repo}", f"{remedy} repositories (HF_TOKEN)")])


def _lost(error: Exception) -> OutsideError:
    return OutsideError(f"The connection to the Hub was lost ({type(error).__name__}).\n{_AGAIN}")
