"""One row of the demo's table.   demo_row.py CASE JSON PAMTESTER-LINE WANTED LIVENESS   exits 1 where PAM said something else."""

import json
import sys

CODES = {
    "successfully authenticated": "PAM_SUCCESS",
    "Authentication failure": "PAM_AUTH_ERR",
    "Authentication service cannot retrieve authentication info": "PAM_AUTHINFO_UNAVAIL",
}
case, measured, line, wanted, liveness = sys.argv[1:6]
code = next((code for text, code in CODES.items() if text in line), line)
try:
    told = json.loads(measured)
except ValueError:
    told = {"outcome": "(no answer)"}
outcome = told["outcome"] + (f" ({told['reason']})" if "reason" in told else "")
frames = told.get("measurements", [])
stages = told.get("stages", {})
scores = [frame["score"] for frame in frames if frame["score"] is not None]
times = " ".join(
    f"{stages[name]:6.0f}" if stages.get(name) is not None else "     -"
    for name in ("first_frame", "models_ready", "vault_open", "verdict")
)
best = f"  score {max(scores):.2f}" if scores else ""
print(f"{case:24} {outcome:28} {code:22} {liveness:9} {times}{best}{'' if code == wanted else '   <- wanted ' + wanted}")
sys.exit(code != wanted)
