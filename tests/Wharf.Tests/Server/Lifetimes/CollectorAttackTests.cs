using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.GarbageCollection;

namespace Wharf.Tests.Server.Lifetimes;

/// <summary>What went wrong in other registries' collectors, one by one, with a clock of the test's own.</summary>
public sealed class CollectorAttackTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_blob_is_still_there_when_its_manifest_comes_23_hours_later()
    {
        Assert.True(new LifetimeOptions().Grace >= TimeSpan.FromHours(24));
        await using var lab = await Laboratory.StartAsync();
        var (owner, repositories) = await lab.NewNamespaceAsync(TimeSpan.Zero, 1);
        var image = await BlobsAsync(lab, owner, repositories[0]);

        for (var hour = 0; hour < 23; hour++)
        {
            await lab.AdvanceAsync(Laboratory.Lifetimes.Grace / 24);
            await CollectAsync(lab);
        }

        Assert.Null(await PutAsync(lab, owner, repositories[0], image.Manifest, "v1"));
    }

    [Fact]
    public async Task A_mount_beside_the_sweep_of_the_last_link_wins_or_is_refused()
    {
        await using var lab = await Laboratory.StartAsync();
        var (won, lost) = (0, 0);
        for (var round = 0; round < 25; round++)
        {
            var (owner, repositories) = await lab.NewNamespaceAsync(TimeSpan.Zero, 2);
            var image = await BlobsAsync(lab, owner, repositories[0]);
            await lab.AdvanceAsync(Laboratory.Lifetimes.Grace);
            await CollectAsync(lab);
            // Released; now its time is over, and the next collection takes the link, then the blob.
            await lab.AdvanceAsync(Laboratory.Lifetimes.Grace);

            var mount = Task.Run(() => lab.Get<ContentStore>().MountAsync(owner, repositories[0], repositories[1], image.LayerDigest, Ct), Ct);
            await CollectAsync(lab);
            var refusal = await mount;
            await lab.AdvanceAsync(Laboratory.Lifetimes.Grace / 2);
            await CollectAsync(lab);

            var blob = await lab.Get<ContentStore>().KeepBlobAsync(repositories[1], image.LayerDigest, Ct);
            Assert.Equal(refusal is null, blob is not null);
            if (blob is not null)
                Assert.True(await lab.Store.StatAsync(blob.StorageKey, Ct) is not null, "mounted, and its bytes are gone");
            (won, lost) = blob is null ? (won, lost + 1) : (won + 1, lost);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{won} mounts won, {lost} were refused");
    }

    [Fact]
    public async Task A_push_of_what_was_just_condemned_keeps_it_with_its_bytes()
    {
        await using var lab = await Laboratory.StartAsync();
        var (owner, repositories) = await lab.NewNamespaceAsync(TimeSpan.Zero, 2);
        var image = await BlobsAsync(lab, owner, repositories[0]);
        for (var i = 0; i < 2; i++)
        {
            await lab.AdvanceAsync(Laboratory.Lifetimes.Grace);
            await CollectAsync(lab);
        }
        Assert.Equal("condemned", await StateAsync(lab, image.LayerDigest));

        await BlobsAsync(lab, owner, repositories[1], image);
        Assert.Equal("live", await StateAsync(lab, image.LayerDigest));
        Assert.Null(await PutAsync(lab, owner, repositories[1], image.Manifest, "v1"));
        await lab.AdvanceAsync(TimeSpan.FromDays(1));
        await CollectAsync(lab);

        var blob = await lab.Get<ContentStore>().FindBlobAsync(repositories[1], image.LayerDigest, Ct);
        Assert.Equal(image.Layer.Length, await lab.Store.StatAsync(blob!.StorageKey, Ct));
    }

    [Fact]
    public async Task A_deleted_index_leaves_the_children_that_another_one_names_or_a_tag_does()
    {
        await using var lab = await Laboratory.StartAsync();
        var (owner, repositories) = await lab.NewNamespaceAsync(TimeSpan.Zero, 1);
        var repository = repositories[0];
        var (alone, shared, tagged) = (await BlobsAsync(lab, owner, repository), await BlobsAsync(lab, owner, repository), await BlobsAsync(lab, owner, repository));
        foreach (var image in (Image[])[alone, shared])
            Assert.Null(await PutAsync(lab, owner, repository, image.Manifest, null));
        Assert.Null(await PutAsync(lab, owner, repository, tagged.Manifest, "tagged"));
        var gone = Index(alone, shared, tagged);
        Assert.Null(await PutAsync(lab, owner, repository, gone, "gone"));
        Assert.Null(await PutAsync(lab, owner, repository, Index(shared), "stays"));

        Assert.Null(await lab.Get<ContentStore>().DeleteManifestAsync(owner, repository, Digest.Of(gone), Ct));
        await LongAfterAsync(lab);

        Assert.Null(await lab.Get<ContentStore>().FindManifestAsync(repository, alone.Digest, Ct));
        foreach (var image in (Image[])[shared, tagged])
        {
            Assert.NotNull(await lab.Get<ContentStore>().FindManifestAsync(repository, image.Digest, Ct));
            Assert.NotNull(await lab.Get<ContentStore>().FindBlobAsync(repository, image.LayerDigest, Ct));
        }
    }

    [Fact]
    public async Task Referrers_stay_with_their_subject_and_go_with_it()
    {
        await using var lab = await Laboratory.StartAsync();
        var (owner, repositories) = await lab.NewNamespaceAsync(TimeSpan.Zero, 1);
        var repository = repositories[0];
        var subject = await BlobsAsync(lab, owner, repository);
        Assert.Null(await PutAsync(lab, owner, repository, subject.Manifest, "v1"));
        var signature = await BlobsAsync(lab, owner, repository, Image.Random("application/vnd.example.signature", subject.Digest));
        var countersignature = await BlobsAsync(lab, owner, repository, Image.Random("application/vnd.example.signature", signature.Digest));
        foreach (var image in (Image[])[signature, countersignature])
            Assert.Null(await PutAsync(lab, owner, repository, image.Manifest, null));

        await LongAfterAsync(lab);
        foreach (var image in (Image[])[subject, signature, countersignature])
            Assert.NotNull(await lab.Get<ContentStore>().FindManifestAsync(repository, image.Digest, Ct));

        Assert.Null(await lab.Get<ContentStore>().EndTagAsync(owner, repository, "v1", Ct));
        await LongAfterAsync(lab);
        foreach (var image in (Image[])[subject, signature, countersignature])
        {
            Assert.Null(await lab.Get<ContentStore>().FindManifestAsync(repository, image.Digest, Ct));
            Assert.Null(await lab.Get<ContentStore>().FindBlobAsync(repository, image.LayerDigest, Ct));
        }
        Assert.Empty(await lab.KeysAsync());
    }

    [Fact]
    public async Task History_outlives_its_content_for_as_long_as_it_is_shown()
    {
        await using var lab = await Laboratory.StartAsync();
        var (owner, repositories) = await lab.NewNamespaceAsync(TimeSpan.Zero, 1);
        foreach (var tag in (string[])["gone", "live"])
            Assert.Null(await PutAsync(lab, owner, repositories[0], (await BlobsAsync(lab, owner, repositories[0])).Manifest, tag));
        Assert.Null(await lab.Get<ContentStore>().EndTagAsync(owner, repositories[0], "gone", Ct));
        await LongAfterAsync(lab);
        Assert.Equal(2L, await CountAsync(lab, "SELECT count(*) FROM tag"));

        await lab.AdvanceAsync(Laboratory.Lifetimes.History);
        await CollectAsync(lab);

        Assert.Equal(1L, await CountAsync(lab, "SELECT count(*) FROM tag WHERE name = 'live'"));
        Assert.Equal(1L, await CountAsync(lab, "SELECT count(*) FROM tag"));
    }

    [Fact]
    public async Task A_dry_run_tells_what_the_real_one_does()
    {
        await using var lab = await Laboratory.StartAsync();
        var (owner, repositories) = await lab.NewNamespaceAsync(TimeSpan.Zero, 1);
        for (var i = 0; i < 5; i++)
        {
            var image = await BlobsAsync(lab, owner, repositories[0]);
            if (i < 4)
                Assert.Null(await PutAsync(lab, owner, repositories[0], image.Manifest, $"v{i}"));
            if (i < 2)
                Assert.Null(await lab.Get<ContentStore>().EndTagAsync(owner, repositories[0], $"v{i}", Ct));
        }
        for (var hour = 0; hour < 5; hour++)
        {
            foreach (var kind in Collector.Kinds.Where(static k => k is not "namespace" and not "repository"))
            {
                var (would, _) = await lab.Get<Collector>().PreviewAsync(kind, 0, 1000, Ct);
                Assert.Equal(would, await lab.Get<Collector>().ReviewAsync(kind, 1000, Ct));
            }
            await lab.AdvanceAsync(Laboratory.Lifetimes.Grace);
        }
        Assert.Equal(2L, await lab.Db.OneAsync("SELECT count(*) FROM manifest_link", static r => r.GetInt64(0), Ct));
    }

    [Fact]
    public async Task A_backup_keeps_the_bytes_that_its_database_names()
    {
        await using var lab = await Laboratory.StartAsync();
        var (owner, repositories) = await lab.NewNamespaceAsync(TimeSpan.Zero, 1);
        await BlobsAsync(lab, owner, repositories[0]);
        for (var i = 0; i < 2; i++)
        {
            await lab.AdvanceAsync(Laboratory.Lifetimes.Grace);
            await CollectAsync(lab);
        }

        await lab.Get<Wharf.Server.Work.Leases>().TryTakeAsync(Collector.Hold, TimeSpan.FromDays(1), Ct);
        await lab.AdvanceAsync(TimeSpan.FromHours(5));
        await CollectAsync(lab);
        Assert.Equal(2, (await lab.KeysAsync()).Count);

        await lab.AdvanceAsync(TimeSpan.FromDays(2));
        await CollectAsync(lab);
        Assert.Empty(await lab.KeysAsync());
    }

    [Fact]
    public async Task A_purged_namespace_has_neither_teams_nor_robots_nor_content_left()
    {
        await using var lab = await Laboratory.StartAsync();
        var (owner, repositories) = await lab.NewNamespaceAsync(TimeSpan.FromHours(1), 1);
        var image = await BlobsAsync(lab, owner, repositories[0]);
        Assert.Null(await PutAsync(lab, owner, repositories[0], image.Manifest, "v1"));
        var ns = owner.AccountId;
        await lab.RunAsync($"""
            UPDATE namespace SET kind = 'organization' WHERE id = {ns};
            INSERT INTO team (namespace_id, name, role) VALUES ({ns}, 'owners', 'admin');
            INSERT INTO team_member (team_id, account_id) SELECT id, {ns} FROM team WHERE namespace_id = {ns};
            INSERT INTO namespace (name, kind, created_ms) VALUES ('{owner.Name}+ci', 'robot', 1);
            INSERT INTO robot (id, namespace_id, name, description, metadata, token_id, token_mac, credential, created_by, created_ms) SELECT id, {ns}, 'ci', '', '', 'x{ns}', '', 1, 1, 1 FROM namespace WHERE name = '{owner.Name}+ci';
            INSERT INTO account_grant SELECT {ns}, {repositories[0].RepositoryId}, id, 2, {ns}, 1 FROM robot WHERE namespace_id = {ns}
            """);
        Assert.Equal(Wharf.Server.Organizations.OrganizationOutcome.Done, await lab.Get<Wharf.Server.Organizations.OrganizationStore>().DeleteAsync(owner, ns, Ct));

        await lab.AdvanceAsync(TimeSpan.FromMinutes(59));
        await CollectAsync(lab);
        Assert.Equal(1L, await CountAsync(lab, $"SELECT count(*) FROM tag WHERE namespace_id = {ns}"));
        await LongAfterAsync(lab);

        foreach (var table in (string[])["repository", "tag", "manifest_link", "repository_blob", "team", "robot", "account_grant"])
            Assert.Equal(0L, await CountAsync(lab, $"SELECT count(*) FROM {table} WHERE namespace_id = {ns}"));
        Assert.Equal(0L, await CountAsync(lab, "SELECT count(*) FROM blob"));
        Assert.Empty(await lab.KeysAsync());
    }

    private static async Task<Image> BlobsAsync(Laboratory lab, Principal owner, RepositoryAccess repository, Image? image = null)
    {
        image ??= Image.Random();
        foreach (var (digest, bytes) in ((Digest, byte[])[])[(image.ConfigDigest, image.Config), (image.LayerDigest, image.Layer)])
            Assert.Equal(UploadOutcome.Done, (await lab.Get<Uploads>().StoreAsync(owner, repository, digest, bytes.Length, new MemoryStream(bytes), Ct)).Outcome);
        return image;
    }

    private static Task<Refusal?> PutAsync(Laboratory lab, Principal owner, RepositoryAccess repository, byte[] bytes, string? tag)
    {
        Assert.True(Manifest.TryParse(bytes, JsonDocument.Parse(bytes).RootElement.GetProperty("mediaType").GetString(), out var manifest, out var problem), problem);
        return lab.Get<ContentStore>().PutManifestAsync(owner, repository, manifest!, Digest.Of(bytes), tag is null ? [] : [tag], Ct);
    }

    private static byte[] Index(params Image[] images) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = MediaTypes.OciIndex,
        ["manifests"] = new JsonArray([.. images.Select(static i => Image.Descriptor(MediaTypes.OciManifest, i.Manifest))]),
    });

    private static Task<RoundTotals> CollectAsync(Laboratory lab) => lab.Get<CollectorRound>().RunAsync(static _ => { }, Ct);

    private static async Task LongAfterAsync(Laboratory lab)
    {
        for (var i = 0; i < 12; i++)
        {
            await lab.AdvanceAsync(TimeSpan.FromHours(4));
            await CollectAsync(lab);
        }
    }

    private static async Task<string?> StateAsync(Laboratory lab, Digest digest) =>
        await lab.Db.OneAsync("SELECT state FROM blob WHERE digest = @digest", static r => r.GetString(0), Ct, ("digest", digest.ToArray()));

    private static async Task<long> CountAsync(Laboratory lab, string sql) => await lab.Db.OneAsync(sql, static r => r.GetInt64(0), Ct);
}
