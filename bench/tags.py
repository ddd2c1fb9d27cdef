"""Walks the tag list of a repository by its Link headers: tags.py URL REPOSITORY TOKEN EXPECTED. Prints the milliseconds of the median of nine walks.

Only the answers are timed, on one connection; order, count and page size are checked after.
"""
import http.client
import json
import statistics
import sys
import time
import urllib.parse

url, repository, token, expected = sys.argv[1:5]
connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
walks = []
for _ in range(9):
    path, pages, spent = f"/v2/{repository}/tags/list?n=1000", [], 0.0
    while path and len(pages) < 1000:
        began = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        spent += time.perf_counter() - began
        if answer.status != 200:
            sys.exit(f"{path} answered {answer.status}")
        pages.append(body)
        link = answer.getheader("Link")
        path = link[link.index("<") + 1 : link.index(">")] if link else None
    tags = [tag for page in pages for tag in json.loads(page)["tags"]]
    if len(tags) != int(expected) or tags != sorted(set(tags)) or len(pages) not in (10, 11):
        sys.exit(f"{len(tags)} tags in {len(pages)} pages: wrong, or not in order")
    walks.append(spent * 1000)
print(f"{statistics.median(walks):.1f}")
