#!/usr/bin/env python3
"""Makes the inputs that fuzzing starts with: from the project's own tests, and from recordings of
the originals where WINDLASS_CONFORMANCE has them."""

import base64
import gzip
import hashlib
import io
import json
import os
import pathlib
import sys
import tarfile

FUZZ = pathlib.Path(__file__).resolve().parent
CRATES = FUZZ.parent / "crates"
RECORDINGS = pathlib.Path(os.environ.get("WINDLASS_CONFORMANCE", FUZZ.parent / "../shared/conformance"))
# An input that is long is slow, and says little about what in it matters.
LONGEST = 12 << 10


def keep(target, data):
    """Writes a seed, unless it is too long."""
    data = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if 0 < len(data) <= LONGEST:
        directory = FUZZ / "corpus" / target
        directory.mkdir(parents=True, exist_ok=True)
        (directory / hashlib.sha1(data).hexdigest()).write_bytes(data)


def lines(path):
    return [json.loads(line) for line in path.open(newline="\n")] if path.exists() else []


def cases(path):
    return json.loads(path.read_text()) if path.exists() else []


def joined(files):
    """Files as one input, cut where the targets cut it."""
    parts = []
    for name, text in files.items():
        data = text.encode() if isinstance(text, str) else text
        parts.append(b"-- %s --\n" % name.encode() + data + (b"" if data.endswith(b"\n") else b"\n"))
    return b"".join(parts)


def yaml():
    for case in [*lines(CRATES / "yaml/tests/testdata/recorded.jsonl"), *lines(RECORDINGS / "yaml/cases.jsonl")]:
        keep("yaml_reader", case["in"])
        keep("yaml_emitter", case["in"])


def build(files, path):
    """A build: the directory that is built comes first."""
    files = {name.lstrip("/"): text for name, text in files.items()}
    path = path.strip("./")
    first = [name for name in files if name.rpartition("/")[0] == path]
    if first:
        keep("builds", joined({name: files[name] for name in sorted(files, key=lambda name: name != first[0])}))


def fixture(directory):
    root = directory / "input"
    files = {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}
    for top in ["overlay", "base", "comp", "."]:
        build(files, top)


def kustomize():
    tests = CRATES / "kustomize/tests/testdata"
    for directory in sorted(path for path in tests.iterdir() if path.is_dir()):
        fixture(directory)
    for case in [*cases(tests / "random.json"), *cases(RECORDINGS / "kustomize/cases.json")]:
        build(case["files"], case["path"])
        patches(case["files"])
    resource = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v, l: w}\n"
    for patch in [
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: null, m: x}\n",
        "$patch: delete\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        '[{"op": "replace", "path": "/data/k", "value": [1]}, {"op": "move", "from": "/data/l", "path": "/data/n"}]\n',
        "- {op: test, path: /data/k, value: v}\n- {op: copy, from: /data, path: /data/c~1d}\n- {op: remove, path: /data/l}\n",
    ]:
        keep("patches", joined({"r": resource, "p": patch}))


def patches(files):
    """Every file beside every other that names a resource: most do not match, some do."""
    texts = [text for name, text in files.items() if name.endswith(".yaml") and "ustomization" not in name]
    resources = [text for text in texts if "apiVersion" in text][:4]
    for resource in resources:
        for patch in texts[-4:]:
            keep("patches", joined({"r": resource, "p": patch}))


def templates():
    own = [case["t"] for case in lines(CRATES / "gotemplate/tests/data/recorded.jsonl")]
    own += [case["template"] for case in lines(CRATES / "sprig/tests/fixtures/calls.jsonl")]
    # Of the many recordings some: each is run before fuzzing starts.
    own += [case["template"] for case in lines(RECORDINGS / "helm/templates.jsonl")[::8]]
    for text in own:
        keep("template_parser", text)
        keep("template_evaluator", text)
    for chart in charts():
        for name, data in chart.items():
            if name.startswith("templates/") and len(data) < 2000:
                keep("template_parser", data)


def charts():
    """The files of the recorded charts, without their first directory."""
    for path in sorted((RECORDINGS / "helm/charts").glob("*.tgz")):
        with tarfile.open(path) as archive:
            yield {
                member.name.partition("/")[2]: archive.extractfile(member).read()
                for member in archive.getmembers()
                if member.isfile()
            }


def archive(files):
    """The tar of a chart."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in files.items():
            data = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo("c/" + name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue().rstrip(b"\0") + b"\0" * 1024


def helm():
    tests = CRATES / "helm/tests/testdata"
    for case in lines(tests / "coalesce.jsonl"):
        chart(case["files"], case.get("user"))
    for case in lines(tests / "set.jsonl"):
        flag = "set" if case["kind"] == "set" else "set-" + case["kind"]
        keep("values_merge", joined({"values": case["base"], flag: case["text"]}))
    # Of a real chart, what decides which values it gets.
    for files in charts():
        small = {
            name: data
            for name, data in files.items()
            if len(data) < 2000
            and name.rpartition("/")[2] in ("Chart.yaml", "values.yaml", "Chart.lock", ".helmignore", "values.schema.json")
        }
        chart(small, "{}")
    chart(
        {
            "Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
            ".helmignore": "*.md\n!a.md\ndir/\n",
            "values.schema.json": json.dumps(
                {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 1}}}
            ),
            "templates/t": "{{ .Values }}",
            "crds/c.yaml": "kind: CustomResourceDefinition\n",
        },
        "a: 0",
    )
    release()


def chart(files, values):
    keep("chart_loader", joined(files))
    keep("chart_loader", archive(files))
    keep("chart_loader", gzip.compress(archive(files), mtime=0))
    named = {"chart/" + name: data for name, data in files.items()}
    keep("values_merge", joined({"values": values or "{}", **named}))


def release():
    path = CRATES / "helm/tests/testdata/secret-v4.json"
    stored = json.loads(path.read_text()).get("data", {}).get("release") if path.exists() else None
    record = {
        "name": "r",
        "namespace": "ns",
        "version": 1,
        "info": {"first_deployed": "2024-01-01T00:00:00Z", "status": "deployed", "description": "d", "notes": "n"},
        "chart": {"metadata": {"name": "c", "version": "1.0.0", "apiVersion": "v2"}, "templates": [], "values": {"a": 1}},
        "config": {"a": [1, None, {"b": "c"}]},
        "manifest": "---\n# Source: c/templates/t\na: b\n",
        "hooks": [
            {
                "name": "h",
                "kind": "Job",
                "path": "c/templates/h",
                "manifest": "a",
                "events": ["pre-install", "test"],
                "last_run": {"started_at": "0001-01-01T00:00:00Z", "phase": "Succeeded"},
                "weight": -1,
                "delete_policies": ["hook-succeeded"],
            }
        ],
    }
    plain = json.dumps(record).encode()
    keep("release_decoder", plain)
    keep("release_decoder", gzip.compress(plain, mtime=0))
    keep("release_decoder", base64.b64encode(gzip.compress(plain, mtime=0)))
    keep("release_decoder", base64.b64encode(plain))
    if stored:
        inner = base64.b64decode(stored)
        keep("release_decoder", inner)
        keep("release_decoder", base64.b64decode(inner))
        keep("release_decoder", gzip.decompress(base64.b64decode(inner)))


def deep():
    """What mutation hardly comes upon: nesting up to the limits of the engines."""
    trees = []
    for levels in (100, 490, 990, 1010, 2500):
        trees += [
            "[" * levels + "]" * levels,
            "{a: " * levels + "1" + "}" * levels,
            "- " * levels + "a",
            "? " * levels + "a",
            "- ? " * (levels // 2) + "a",
            "".join(" " * n + "a:\n" for n in range(levels // 8)),
            "a: &a [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1 if n else ''}]\n" for n in range(levels)),
        ]
        for brackets in ("()", "[]"):
            keep("template_parser", "{{ " + brackets[0] * levels + "1" + brackets[1] * levels + " }}")
        keep("template_evaluator", "{{ " + "(" * levels + "1" + ")" * levels + " }}")
        keep("template_evaluator", "{{if 1}}" * levels + "{{end}}" * levels)
        keep("template_evaluator", "{{ toYaml (fromYaml `" + "a: " + "[" * levels + "]" * levels + "`) }}")
        keep("template_evaluator", "{{ toJson (fromJson `" + '{"a":' * levels + "1" + "}" * levels + "`) }}")
        keep("template_evaluator", "{{ regexMatch `" + "(a|" * levels + ")" * levels + "` `a` }}")
        keep("template_evaluator", "{{ $x := list }}{{ range until %d }}{{ $x = list $x }}{{ end }}{{ toYaml $x | len }}" % levels)
        keep("release_decoder", '{"config":' + '{"a":' * levels + "1" + "}" * levels + "}")
        keep("values_merge", joined({"set": ".".join("a" * levels) + "=1", "set-json": "a=" + "[" * levels + "]" * levels}))
        keep("values_merge", joined({"set": "a" + "[0]" * levels + "=1", "values": "a: " + "[" * levels + "]" * levels}))
        schema = '{"allOf":[' * levels + "{}" + "]}" * levels
        keep("values_merge", joined({"chart/Chart.yaml": "name: c\nversion: 1.0.0\n", "chart/values.schema.json": schema}))
    for tree in trees:
        keep("yaml_reader", tree)
        keep("yaml_emitter", tree)
        resource = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
        if "\n" not in tree:
            resource += f"data:\n  {tree}\n"
            keep("patches", joined({"r": resource, "p": resource}))
            keep("patches", joined({"r": resource, "p": f"- op: add\n  path: /data/x\n  value:\n    {tree}\n"}))
            keep("builds", joined({"kustomization.yaml": "resources: [r.yaml]\nnamespace: n\ncommonLabels: {a: b}\n", "r.yaml": resource}))
    schema = '{"$ref":"#/definitions/a","definitions":{"a":{"allOf":[{"$ref":"#/definitions/a"}]}}}'
    keep("values_merge", joined({"chart/Chart.yaml": "name: c\nversion: 1.0.0\n", "chart/values.schema.json": schema}))


if __name__ == "__main__":
    yaml()
    deep()
    kustomize()
    templates()
    helm()
    for directory in sorted((FUZZ / "corpus").iterdir()):
        print(f"{directory.name}: {len(list(directory.iterdir()))} inputs", file=sys.stderr)
