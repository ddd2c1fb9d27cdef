using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.GarbageCollection;
using Wharf.Server.Holds;
using Wharf.Server.Repositories;
using Wharf.Storage;

namespace Wharf.Tests.Server.Lifetimes;

/// <summary>
/// One namespace with two repositories, and beside it a model of what must be there: what was acknowledged and is held by a tag, a former
/// tag within the window, an index, a subject, a lease, a push or somebody's question within the grace. What nothing holds may be there or
/// not, until the end, when it must not. After each operation the database and the store are compared with the model.
/// </summary>
internal sealed class LifetimeModel
{
    private static readonly TimeSpan s_grace = Laboratory.Lifetimes.Grace;
    private static readonly TimeSpan[] s_steps = [TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(61), TimeSpan.FromHours(5), TimeSpan.FromHours(25)];
    private static readonly string[] s_collected = ["manifest", "link", "manifest", "link", "manifest", "blob", "content", "repository", "namespace", "usage", "lifted"];
    private static readonly string[] s_tags = ["a", "b", "c"];

    private readonly Laboratory _lab;
    private readonly Principal _owner;
    private readonly ModelRepository[] _repositories;
    private readonly TimeSpan _window;
    private readonly byte[][] _blobs;
    private readonly Digest[] _blobDigests;
    private readonly ModelManifest[] _manifests;
    private readonly List<string> _told = [];

    private LifetimeModel(Laboratory lab, Principal owner, RepositoryAccess[] repositories, TimeSpan window)
    {
        (_lab, _owner, _window) = (lab, owner, window);
        _repositories = [.. repositories.Select(static access => new ModelRepository(access))];
        _blobs = [.. Enumerable.Range(0, 5).Select(i => Encoding.UTF8.GetBytes($"{owner.Name} blob {i}"))];
        _blobDigests = [.. _blobs.Select(static b => Digest.Of(b))];
        _manifests = Manifests();
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private long Now => _lab.Clock.NowMs;

    public static async Task<LifetimeModel> StartAsync(Laboratory lab, TimeSpan window)
    {
        var (owner, repositories) = await lab.NewNamespaceAsync(window, 2);
        // One of the two is counted for itself, too.
        await lab.Db.WriteAsync(async tx =>
        {
            var quota = await tx.OneAsync("INSERT INTO quota (namespace_id, prefix, limit_bytes, created_ms) VALUES (@ns, 'r1', 1, 0) RETURNING id", static r => r.GetInt64(0), ("ns", owner.AccountId));
            return await tx.ExecuteAsync("INSERT INTO usage (namespace_id, quota_id, bytes) VALUES (@ns, @quota, 0)", ("ns", owner.AccountId), ("quota", quota));
        }, Ct);
        return new LifetimeModel(lab, owner, repositories, window);
    }

    /// <summary>What was done, in words.</summary>
    public string Story => string.Join('\n', _told);

    public async Task RunAsync(IEnumerable<LifetimeOp> ops)
    {
        foreach (var op in ops)
        {
            try
            {
                await ApplyAsync(op);
                Settle();
                await CheckAsync();
            }
            catch (Exception e) when (e is not LifetimeViolation and not OperationCanceledException)
            {
                throw new LifetimeViolation($"{op}: {e}\n{Story}");
            }
        }
    }

    /// <summary>Lets all time pass, and compares what is left with what tags still need.</summary>
    public async Task EndAsync()
    {
        foreach (var repository in _repositories)
            while (repository.Holds.Count > 0)
                await LiftAsync(repository);
        var round = _lab.Get<CollectorRound>();
        for (var i = 0; i < 12; i++)
        {
            await _lab.AdvanceAsync(_window + s_grace * 2 + TimeSpan.FromHours(3));
            await round.RunAsync(static _ => { }, Ct);
        }
        Settle();
        await CheckAsync();
        await CheckUsageAsync(atTheEnd: true);
        var inventory = _lab.Get<Inventory>();
        for (var more = true; more;)
        {
            (var missing, more) = await inventory.PageAsync(500, Ct);
            Require(missing == 0, $"{missing} things had no review");
        }
        foreach (var repository in _repositories)
        {
            var links = await LinksAsync("manifest_link", repository);
            var named = links.SelectMany(d => Of(d).Blobs.Select(b => _blobDigests[b])).ToHashSet();
            var blobs = await LinksAsync("repository_blob", repository);
            var reachable = repository.DeletedMs is not null ? [] : Closure(repository, repository.LiveTags(Now), certainOnly: false);
            Require(links.All(d => reachable.Contains(Index(d))), $"{repository.Access.Name} still has {Names(links.Select(Index).Where(m => !reachable.Contains(m)))}");
            Require(blobs.SetEquals(named), $"{repository.Access.Name} has blobs {Names(blobs)} and its manifests name {Names(named)}");
            if (repository.DeletedMs is not null)
                Require(await CountAsync($"SELECT (SELECT count(*) FROM tag WHERE repository_id = {repository.Access.RepositoryId}) + (SELECT count(*) FROM repository WHERE id = {repository.Access.RepositoryId})") == 0,
                    $"{repository.Access.Name} is not purged");
        }
        var linked = (await Task.WhenAll(_repositories.Select(r => LinksAsync("repository_blob", r)))).SelectMany(static d => d).ToHashSet();
        foreach (var digest in _blobDigests.Where(d => !linked.Contains(d)))
            Require(await _lab.Db.OneAsync("SELECT 1 FROM blob WHERE digest = @digest", static r => r.GetInt32(0), Ct, ("digest", digest.ToArray())) == 0, $"the blob {Name(digest)} is still there");
        var kept = (await Task.WhenAll(_repositories.Select(r => LinksAsync("manifest_link", r)))).SelectMany(static d => d).ToHashSet();
        foreach (var digest in _manifests.Select(static m => m.Digest).Where(d => !kept.Contains(d)))
            Require(await _lab.Db.OneAsync("SELECT 1 FROM manifest WHERE digest = @digest", static r => r.GetInt32(0), Ct, ("digest", digest.ToArray())) == 0, $"the bytes of manifest {Name(digest)} are still there");
        Require(await CountAsync("SELECT count(*) FROM storage_garbage") == 0, "there are bytes that wait to be deleted");
        var placed = (await _lab.Db.ListAsync("SELECT storage_key FROM blob_placement", static r => r.GetString(0), Ct)).ToHashSet();
        Require(placed.SetEquals(await _lab.KeysAsync()), "the store has other files than the placements name");
    }

    /// <summary>The auditor: what is counted is what is linked, each content once; what is not linked any more waits to be looked at.</summary>
    private async Task CheckUsageAsync(bool atTheEnd)
    {
        foreach (var (quota, prefix) in await _lab.Db.ListAsync("SELECT u.quota_id, coalesce(q.prefix, '') FROM usage u LEFT JOIN quota q ON q.id = u.quota_id WHERE u.namespace_id = @ns",
            static r => (r.GetInt64(0), r.GetString(1)), Ct, ("ns", _owner.AccountId)))
        {
            (string, object?)[] args = [("ns", _owner.AccountId), ("quota", quota), ("prefix", prefix)];
            const string Linked = """
                (SELECT l.digest, (SELECT b.size FROM blob b WHERE b.digest = l.digest) AS bytes FROM repository_blob l JOIN repository r ON r.id = l.repository_id WHERE l.namespace_id = @ns AND substr(r.name, 1, length(@prefix)) = @prefix
                 UNION SELECT l.digest, (SELECT length(m.content) FROM manifest m WHERE m.digest = l.digest) FROM manifest_link l JOIN repository r ON r.id = l.repository_id WHERE l.namespace_id = @ns AND substr(r.name, 1, length(@prefix)) = @prefix)
                """;
            Require(await CountAsync($"SELECT count(*) FROM {Linked} l WHERE NOT EXISTS (SELECT 1 FROM usage_blob u WHERE u.namespace_id = @ns AND u.quota_id = @quota AND u.digest = l.digest AND u.bytes = l.bytes)", args) == 0,
                $"something under '{prefix}' is not counted");
            Require(await CountAsync($"""
                SELECT count(*) FROM usage_blob u WHERE u.namespace_id = @ns AND u.quota_id = @quota AND u.digest NOT IN (SELECT l.digest FROM {Linked} l)
                   AND NOT EXISTS (SELECT 1 FROM gc_review v WHERE v.digest = u.digest AND v.kind = 'usage' AND v.namespace_id = @ns AND v.repository_id = @quota)
                """, args) == 0, $"something under '{prefix}' is counted for ever");
            var used = await _lab.Get<Usage>().GetAsync(new UsageScope(_owner.AccountId, quota), Ct);
            Require(used == await CountAsync("SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM usage_blob WHERE namespace_id = @ns AND quota_id = @quota", args), $"the sum under '{prefix}' is wrong");
            if (atTheEnd)
                Require(used == await CountAsync($"SELECT CAST(coalesce(sum(l.bytes), 0) AS BIGINT) FROM {Linked} l", args), $"the usage under '{prefix}' is {used}");
        }
    }

    private async Task ApplyAsync(LifetimeOp op)
    {
        var repository = _repositories[op.A % _repositories.Length];
        var (blob, manifest, tag) = (op.B % _blobs.Length, op.B % _manifests.Length, s_tags[op.C % s_tags.Length]);
        var content = _lab.Get<ContentStore>();
        var r = repository.Access.Name.Name;
        if (repository.DeletedMs is not null && op.Kind is not (OpKind.Advance or OpKind.Collect or OpKind.Round or OpKind.Restart or OpKind.Restore or OpKind.SetHold or OpKind.LiftHold))
            return;
        switch (op.Kind)
        {
            case OpKind.PushBlob:
                _lab.Disk.FailAt(op.C % 7 == 0 ? 1 + (op.C % 5) : 0);
                try
                {
                    var stored = await _lab.Get<Uploads>().StoreAsync(_owner, repository.Access, _blobDigests[blob], _blobs[blob].Length, new MemoryStream(_blobs[blob]), Ct);
                    Require(stored.Outcome == UploadOutcome.Done, $"a push ends with {stored.Outcome} {stored.Refusal}");
                    repository.Blobs[blob] = new ModelBlob(Known: true, Hidden: false, UntilMs: Now + (long)s_grace.TotalMilliseconds);
                    Tell($"push blob {blob} to {r}");
                }
                catch (StorageException)
                {
                    Tell($"push blob {blob} to {r}: the store fails");
                }
                finally
                {
                    _lab.Disk.FailAt(0);
                }
                break;
            case OpKind.HeadBlob:
                await HeadBlobAsync(content, repository, blob);
                break;
            case OpKind.Mount:
                var to = _repositories[(op.A + 1) % _repositories.Length];
                if (to.DeletedMs is not null)
                    return;
                var mounted = await content.MountAsync(_owner, repository.Access, to.Access, _blobDigests[blob], Ct);
                Tell($"mount blob {blob} from {r}: {mounted}");
                Require(mounted is null || !repository.MustServe(blob), $"a mount is refused: {mounted}");
                if (mounted is null)
                    to.Blobs[blob] = new ModelBlob(true, false, Now + (long)s_grace.TotalMilliseconds);
                break;
            case OpKind.PutTagged or OpKind.PutUntagged:
                await PutAsync(content, repository, manifest, op.Kind == OpKind.PutTagged ? tag : null);
                break;
            case OpKind.HeadManifest:
                var head = await content.KeepManifestAsync(repository.Access, _manifests[manifest].Digest, Ct);
                Tell($"ask {r} for manifest {manifest}: {head is not null}");
                var asked = repository.Manifest(manifest);
                Require(head is not null || !asked.Certain || asked.DeletedMs is not null, $"manifest {manifest} is not served");
                if (head is not null)
                    repository.Manifests[manifest] = asked with { Certain = true, DeletedMs = null, HeadUntilMs = Now + (long)s_grace.TotalMilliseconds };
                break;
            case OpKind.EndTag:
                var ended = await content.EndTagAsync(_owner, repository.Access, tag, Ct);
                Tell($"end {r}:{tag}: {ended}");
                Require(ended is null == repository.Live(tag, Now) is not null, $"ending {tag} ends with {ended}");
                repository.End(tag, Now);
                break;
            case OpKind.DeleteManifest:
                var known = repository.Manifest(manifest);
                var leased = repository.Leases.Any(l => l.Manifest == manifest && l.UntilMs > Now);
                var deleted = await content.DeleteManifestAsync(_owner, repository.Access, _manifests[manifest].Digest, Ct);
                Tell($"delete manifest {manifest} of {r}: {deleted}");
                Require(!leased || deleted is not null, "a leased manifest is deleted");
                Require(leased || deleted is null || !known.Certain || known.DeletedMs is not null, $"deleting ends with {deleted}");
                if (deleted is null)
                {
                    foreach (var name in s_tags.Where(t => repository.Live(t, Now) == manifest))
                        repository.End(name, Now);
                    repository.Manifests[manifest] = known with { Certain = true, DeletedMs = Now, PinMs = known.PinMs == 0 ? 0 : Now };
                }
                break;
            case OpKind.DeleteBlob:
                var dropped = await content.DeleteBlobAsync(_owner, repository.Access, _blobDigests[blob], Ct);
                Tell($"delete blob {blob} of {r}: {dropped}");
                if (dropped is null)
                {
                    Require(!Closure(repository, repository.LiveTags(Now), certainOnly: true).Any(m => _manifests[m].Blobs.Contains(blob) && repository.Manifest(m).DeletedMs is null), "a blob that a tag needs is deleted");
                    repository.Blobs[blob] = repository.Blob(blob) with { Hidden = true, UntilMs = 0 };
                }
                break;
            case OpKind.TakeLease:
                var (lease, refusal) = await _lab.Get<DigestLeases>().TakeAsync(_owner, repository.Access, _manifests[manifest].Digest, $"holder {op.C}", TimeSpan.FromMinutes(30 + (op.C % 3 * 90)), Ct);
                Tell($"lease manifest {manifest} of {r}: {lease?.Id} {refusal}");
                Require(lease is not null || !repository.Manifest(manifest).Certain || repository.Manifest(manifest).DeletedMs is not null, $"a lease is refused: {refusal}");
                if (lease is not null)
                {
                    repository.Leases.RemoveAll(l => l.Id == lease.Id);
                    repository.Leases.Add(new ModelLease(lease.Id, manifest, lease.ExpiresMs));
                    repository.Manifests[manifest] = repository.Manifest(manifest) with { Certain = true };
                }
                break;
            case OpKind.EndLease:
                if (repository.Leases.FindLast(l => l.UntilMs > Now) is not { } over)
                    return;
                Require(await _lab.Get<DigestLeases>().EndAsync(_owner, repository.Access, over.Id, Ct), "a lease is gone before its time");
                repository.Leases.Remove(over);
                Tell($"end the lease of {r} on manifest {over.Manifest}");
                break;
            case OpKind.Delete:
                if (op.C % 3 != 0)
                    return;
                Require(await _lab.Get<RepositoryStore>().DeleteAsync(_owner, repository.Access, Ct), "a repository cannot be deleted");
                repository.DeletedMs = Now;
                Tell($"delete {r}");
                break;
            case OpKind.Restore:
                if (repository.DeletedMs is not { } since)
                    return;
                var restored = await RestoreAsync(repository);
                Tell($"restore {r}: {restored}");
                Require(restored || since + (long)_window.TotalMilliseconds <= Now, $"{r} is not restored within its window");
                if (restored)
                    repository.DeletedMs = null;
                break;
            case OpKind.SetHold:
                // What has begun to go is no more in the model.
                if (repository.Holds.Count > 1 || (repository.Holds.Count == 0 && repository.DeletedMs + (long)_window.TotalMilliseconds <= Now))
                    return;
                var held = op.C % 3 == 0 ? null : tag;
                var set = await _lab.Get<HoldStore>().SetAsync(_owner.AccountId, 0, new HoldTarget(held is null ? HoldKind.Repository : HoldKind.Tag, _owner.Name, r, held), "a reason", "", Ct);
                Tell($"hold {r}:{held}: {set.Problem}");
                Require(set.Problem is null == (held is null || repository.Tags.Exists(t => t.Name == held)), $"a hold ends with {set.Problem}");
                if (set.Id is { } id)
                    repository.Holds.Add(new ModelHold(id, held));
                break;
            case OpKind.LiftHold:
                if (repository.Holds.Count > 0)
                    await LiftAsync(repository);
                break;
            case OpKind.Advance:
                var step = s_steps[op.C % s_steps.Length];
                await _lab.AdvanceAsync(step);
                Tell($"{step:c} later");
                break;
            case OpKind.Collect:
                var kind = s_collected[op.C / 7 % s_collected.Length];
                if (op.C % 3 == 0)
                    await DoubtAsync(repository);
                var collected = await _lab.Get<Collector>().ReviewAsync(kind, 1 + (op.C % 20), Ct);
                Tell($"collect {kind}: {collected}");
                if (op.C % 5 < 2)
                    Tell($"fold {await _lab.Get<Usage>().FoldAsync(Ct)}");
                if (op.C % 2 == 0)
                {
                    _lab.Disk.FailAt(op.C % 6 == 0 ? 1 : 0);
                    await _lab.Get<Garbage>().CollectAsync(Ct);
                    _lab.Disk.FailAt(0);
                }
                break;
            case OpKind.Round:
                Tell($"collect all: {await _lab.Get<CollectorRound>().RunAsync(static _ => { }, Ct)}");
                break;
            case OpKind.Restart:
                if (op.C % 4 != 0)
                    return;
                await _lab.RestartAsync();
                Tell("crash");
                break;
        }
    }

    private async Task LiftAsync(ModelRepository repository)
    {
        var hold = repository.Holds[^1];
        var mine = await _lab.Get<HoldStore>().LiftAsync(_owner.AccountId, 0, hold.Id, Ct);
        Require(mine.Problem is not null, "who set a hold lifts it");
        var lifted = await _lab.Get<HoldStore>().LiftAsync(0, 0, hold.Id, Ct);
        Require(lifted.Problem is null, $"a hold is not lifted: {lifted.Problem}");
        repository.Holds.Remove(hold);
        Tell($"lift the hold of {repository.Access.Name.Name}:{hold.Tag}");
    }

    /// <summary>Has all of a repository looked at without a cause: one review too many does no harm.</summary>
    private async Task DoubtAsync(ModelRepository repository)
    {
        await _lab.Db.WriteAsync(async tx =>
            await Reviews.AddAsync(tx, "SELECT 'manifest', namespace_id, repository_id, digest, 0 FROM manifest_link WHERE repository_id = @repo", ("repo", repository.Access.RepositoryId))
            + await Reviews.AddAsync(tx, "SELECT 'link', namespace_id, repository_id, digest, 0 FROM repository_blob WHERE repository_id = @repo", ("repo", repository.Access.RepositoryId))
            + await Reviews.AddAsync(tx, "SELECT 'blob', 0, 0, digest, 0 FROM repository_blob WHERE repository_id = @repo", ("repo", repository.Access.RepositoryId))
            + await Reviews.AddAsync(tx, "SELECT 'content', 0, 0, digest, 0 FROM manifest_link WHERE repository_id = @repo", ("repo", repository.Access.RepositoryId)), Ct);
        Tell($"doubt all of {repository.Access.Name.Name}");
    }

    private async Task HeadBlobAsync(ContentStore content, ModelRepository repository, int blob)
    {
        var head = await content.KeepBlobAsync(repository.Access, _blobDigests[blob], Ct);
        Tell($"ask {repository.Access.Name.Name} for blob {blob}: {head is not null}");
        Require(head is not null || !repository.MustServe(blob), $"blob {blob} is not served");
        if (head is not null)
            repository.Blobs[blob] = new ModelBlob(true, false, Now + (long)s_grace.TotalMilliseconds);
    }

    private async Task PutAsync(ContentStore content, ModelRepository repository, int manifest, string? tag)
    {
        var model = _manifests[manifest];
        if (!Manifest.TryParse(model.Bytes, model.MediaType, out var parsed, out var problem))
            throw new InvalidOperationException(problem);
        var refusal = await content.PutManifestAsync(_owner, repository.Access, parsed, model.Digest, tag is null ? [] : [tag], Ct);
        Tell($"push manifest {manifest} to {repository.Access.Name.Name}:{tag}: {refusal}");
        var ready = model.Blobs.All(repository.MustServe);
        Require(refusal is null || !ready, $"the push of manifest {manifest} is refused: {refusal}");
        if (refusal is not null)
            return;
        var known = repository.Manifest(manifest);
        // Of one that may have been collected it is not known whether a former push without a tag still keeps it.
        repository.Manifests[manifest] = known with { Certain = true, DeletedMs = null, PinMs = tag is null ? Now : known.Certain ? known.PinMs : 0 };
        if (tag is not null)
            repository.Move(tag, manifest, Now);
        Confirm(repository, manifest);
    }

    /// <summary>What is there has its blobs; an index may name what is not here.</summary>
    private void Confirm(ModelRepository repository, int manifest)
    {
        foreach (var blob in _manifests[manifest].Blobs)
            repository.Blobs[blob] = repository.Blob(blob) with { Known = true };
    }

    private async Task<bool> RestoreAsync(ModelRepository repository) =>
        await _lab.Get<RepositoryStore>().RestoreAsync(_owner, repository.Access, repository.Access.Name, Ct) == RestoreOutcome.Restored;

    /// <summary>What nothing holds any more need not be there from now on.</summary>
    private void Settle()
    {
        foreach (var repository in _repositories)
        {
            if (repository.DeletedMs + (long)_window.TotalMilliseconds <= Now && repository.Holds.Count == 0)
            {
                repository.Forget();
                continue;
            }
            if (repository.IsHeld)
                continue;
            var held = Held(repository);
            foreach (var manifest in repository.Manifests.Keys.ToList())
                if (!held.Contains(manifest))
                    repository.Manifests[manifest] = repository.Manifests[manifest] with { Certain = false };
            foreach (var blob in repository.Blobs.Keys.ToList())
                if (repository.Blobs[blob].UntilMs <= Now && !held.Any(m => _manifests[m].Blobs.Contains(blob)))
                    repository.Blobs[blob] = repository.Blobs[blob] with { Known = false };
        }
    }

    private HashSet<int> Held(ModelRepository repository)
    {
        var windowMs = (long)_window.TotalMilliseconds;
        var roots = repository.LiveTags(Now)
            .Concat(repository.Tags.Where(t => t.EndMs is { } end && end + windowMs > Now).Select(static t => t.Manifest))
            .Concat(repository.IsHeld ? repository.Manifests.Keys : repository.Tags.Where(t => repository.Holds.Exists(h => h.Tag == t.Name)).Select(static t => t.Manifest))
            .Concat(repository.Leases.Where(l => l.UntilMs > Now).Select(static l => l.Manifest))
            .Concat(repository.Manifests.Where(m => m.Value.HeadUntilMs > Now || (m.Value.PinMs > 0 && m.Value.PinMs + Math.Max(windowMs, (long)s_grace.TotalMilliseconds) > Now)).Select(static m => m.Key));
        return Closure(repository, roots.Where(m => repository.Manifest(m).Certain), certainOnly: true);
    }

    private HashSet<int> Closure(ModelRepository repository, IEnumerable<int> roots, bool certainOnly)
    {
        var found = new HashSet<int>(roots);
        for (var grown = true; grown;)
        {
            grown = false;
            foreach (var m in found.ToList())
                foreach (var child in _manifests[m].Children.Where(c => !certainOnly || repository.Manifest(c).Certain))
                    grown |= found.Add(child);
            for (var m = 0; m < _manifests.Length; m++)
                if (_manifests[m].Subject is { } subject && found.Contains(subject) && (!certainOnly || repository.Manifest(m).Certain))
                    grown |= found.Add(m);
        }
        return found;
    }

    private async Task CheckAsync()
    {
        foreach (var repository in _repositories)
        {
            var links = (await LinksAsync("manifest_link", repository)).Select(Index).ToHashSet();
            var held = Held(repository);
            if (repository.DeletedMs is null || repository.DeletedMs + (long)_window.TotalMilliseconds > Now || repository.Holds.Count > 0)
                Require(held.IsSubsetOf(links), $"{repository.Access.Name} lost the manifests {Names(held.Except(links))}");
            var blobs = await _lab.Db.ListAsync("""
                SELECT l.digest, p.storage_key FROM repository_blob l LEFT JOIN blob b ON b.digest = l.digest LEFT JOIN blob_placement p ON p.digest = b.digest WHERE l.repository_id = @repo
                """, static r => (Digest: new Digest(r.GetFieldValue<byte[]>(0)), Key: r.IsDBNull(1) ? null : r.GetString(1)), Ct, ("repo", repository.Access.RepositoryId));
            foreach (var (digest, key) in blobs)
                Require(key is not null && await _lab.Store.StatAsync(key, Ct) is not null, $"{repository.Access.Name} links the blob {Name(digest)}, whose bytes are gone");
            var linked = blobs.Select(static b => b.Digest).ToHashSet();
            var needed = links.SelectMany(m => _manifests[m].Blobs).Concat(repository.Blobs.Where(static b => b.Value.Known).Select(static b => b.Key)).ToHashSet();
            Require(needed.All(b => linked.Contains(_blobDigests[b])), $"{repository.Access.Name} lost the blobs {Names(needed.Where(b => !linked.Contains(_blobDigests[b])))}");
        }
        Require(await CountAsync($"""
            SELECT count(*) FROM tag t JOIN repository r ON r.id = t.repository_id AND r.purge_ms IS NULL LEFT JOIN manifest_link l ON l.namespace_id = t.namespace_id AND l.repository_id = t.repository_id AND l.digest = t.digest AND l.deleted_ms IS NULL
              LEFT JOIN manifest m ON m.digest = t.digest WHERE t.namespace_id = {_owner.AccountId} AND t.ended_ms IS NULL AND (l.digest IS NULL OR m.digest IS NULL)
            """) == 0, "a tag names nothing");
        await CheckUsageAsync(atTheEnd: false);
    }

    private ModelManifest[] Manifests()
    {
        var made = new List<ModelManifest>();
        JsonObject Descriptor(string type, byte[] bytes) => Image.Descriptor(type, bytes);
        void Add(int[] blobs, int[] children, int? subject)
        {
            var json = new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = children.Length > 0 ? MediaTypes.OciIndex : MediaTypes.OciManifest };
            if (children.Length > 0)
                json["manifests"] = new JsonArray([.. children.Select(c => Descriptor(made[c].MediaType, made[c].Bytes))]);
            else
            {
                json["config"] = Descriptor("application/vnd.example.config", _blobs[blobs[0]]);
                json["layers"] = new JsonArray([.. blobs.Skip(1).Select(b => Descriptor(MediaTypes.OciLayerGzip, _blobs[b]))]);
            }
            if (subject is { } of)
                json["subject"] = Descriptor(made[of].MediaType, made[of].Bytes);
            json["annotations"] = new JsonObject { ["n"] = made.Count.ToString(CultureInfo.InvariantCulture) };
            var bytes = JsonSerializer.SerializeToUtf8Bytes(json);
            made.Add(new ModelManifest(bytes, Digest.Of(bytes), (string)json["mediaType"]!, blobs, children, subject));
        }
        Add([0, 1], [], null);
        Add([4], [], 0);
        Add([0, 2], [], null);
        Add([], [0, 2], null);
        Add([3, 1, 2], [], null);
        Add([], [4, 3], null);
        Add([4, 3], [], 1);
        Add([0, 4], [], 3);
        return [.. made];
    }

    private async Task<HashSet<Digest>> LinksAsync(string table, ModelRepository repository) =>
        [.. await _lab.Db.ListAsync($"SELECT digest FROM {table} WHERE repository_id = @repo", static r => new Digest(r.GetFieldValue<byte[]>(0)), Ct, ("repo", repository.Access.RepositoryId))];

    private async Task<long> CountAsync(string sql, params (string, object?)[] args) => await _lab.Db.OneAsync(sql, static r => r.GetInt64(0), Ct, args);

    private int Index(Digest digest) => Array.FindIndex(_manifests, m => m.Digest == digest);

    private ModelManifest Of(Digest digest) => _manifests[Index(digest)];

    private string Name(Digest digest) => Array.IndexOf(_blobDigests, digest) is >= 0 and var blob ? blob.ToString(CultureInfo.InvariantCulture) : Index(digest).ToString(CultureInfo.InvariantCulture);

    private string Names(IEnumerable<Digest> digests) => string.Join(", ", digests.Select(Name).Order());

    private static string Names(IEnumerable<int> numbers) => string.Join(", ", numbers.Order());

    private void Tell(string what) => _told.Add(what.Replace(_owner.Name, "n", StringComparison.Ordinal));

    private void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new LifetimeViolation($"{otherwise}, after\n{Story}");
    }

    private sealed record ModelManifest(byte[] Bytes, Digest Digest, string MediaType, int[] Blobs, int[] Children, int? Subject);

    /// <param name="Known">Whether it must be linked.</param>
    private readonly record struct ModelBlob(bool Known, bool Hidden, long UntilMs);

    /// <param name="Certain">Whether its row must be there.</param>
    /// <param name="PinMs">When it was last pushed without a tag; 0 for never.</param>
    private readonly record struct KnownManifest(bool Certain, long? DeletedMs, long PinMs, long HeadUntilMs);

    private sealed record ModelTag(string Name, int Manifest, long StartMs, long? EndMs);

    /// <param name="Tag">Null for all of the repository.</param>
    private sealed record ModelHold(string Id, string? Tag);

    private sealed record ModelLease(string Id, int Manifest, long UntilMs);

    private sealed class ModelRepository(RepositoryAccess access)
    {
        public RepositoryAccess Access => access;

        public long? DeletedMs { get; set; }

        public Dictionary<int, ModelBlob> Blobs { get; } = [];

        public Dictionary<int, KnownManifest> Manifests { get; } = [];

        public List<ModelTag> Tags { get; } = [];

        public List<ModelLease> Leases { get; } = [];

        public List<ModelHold> Holds { get; } = [];

        public bool IsHeld => Holds.Exists(static h => h.Tag is null);

        public ModelBlob Blob(int blob) => Blobs.GetValueOrDefault(blob);

        public KnownManifest Manifest(int manifest) => Manifests.GetValueOrDefault(manifest);

        public bool MustServe(int blob) => Blob(blob) is { Known: true, Hidden: false };

        public int? Live(string tag, long now) => Tags.FindLast(t => t.Name == tag && (t.EndMs is null || t.StartMs > now))?.Manifest;

        public IEnumerable<int> LiveTags(long now) => Tags.Where(static t => t.EndMs is null).Select(static t => t.Manifest).Distinct();

        public void End(string tag, long now)
        {
            if (Tags.FindIndex(t => t.Name == tag && t.EndMs is null) is >= 0 and var i)
                Tags[i] = Tags[i] with { EndMs = now };
        }

        public void Move(string tag, int manifest, long now)
        {
            if (Live(tag, now) == manifest)
                return;
            End(tag, now);
            Tags.Add(new ModelTag(tag, manifest, now, null));
        }

        /// <summary>Its window has passed.</summary>
        public void Forget()
        {
            Blobs.Clear();
            Manifests.Clear();
            Tags.Clear();
            Leases.Clear();
        }
    }
}

/// <summary>One step of a random story; what the numbers mean depends on the kind.</summary>
internal readonly record struct LifetimeOp(OpKind Kind, int A, int B, int C);

internal enum OpKind
{
    PushBlob,
    HeadBlob,
    Mount,
    PutTagged,
    PutUntagged,
    HeadManifest,
    EndTag,
    DeleteManifest,
    DeleteBlob,
    TakeLease,
    EndLease,
    Delete,
    Restore,
    Advance,
    Collect,
    Round,
    Restart,
    SetHold,
    LiftHold,
}

/// <summary>What must not happen has happened.</summary>
internal sealed class LifetimeViolation(string message) : Exception(message);
