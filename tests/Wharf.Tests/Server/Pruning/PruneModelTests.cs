using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Pruning;
using Wharf.Tests.Server.Lifetimes;

namespace Wharf.Tests.Server.Pruning;

/// <summary>
/// Random tags and random policies: what goes is what a model says that is as plain as the rules are (docs/pruning.md), and a preview lists
/// exactly that beforehand, whatever its pages.
/// </summary>
public sealed partial class PruneModelTests
{
    private const long Hour = 3_600_000;

    private static readonly string[] s_names = ["dev-{0}", "dev-{0}-{1}", "pr-{0}-{1}", "v1.{0}.{1}", "1.{0}.0-rc{1}", "latest", "nightly-{1}"];
    private static readonly string[] s_patterns = ["^dev-", "-", "latest", "[13579]$", "^v?1", "nothing"];
    private static readonly string[] s_groups = ["^([a-z]+)-", "^(?:dev|pr)-([0-9]+)", "^(v)"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_goes_is_what_the_rules_say_and_what_the_preview_said()
    {
        var random = new Random(int.Parse(Environment.GetEnvironmentVariable("WHARF_TEST_SEED") ?? "20261124", CultureInfo.InvariantCulture));
        var rounds = int.Parse(Environment.GetEnvironmentVariable("WHARF_TEST_STORIES") ?? "60", CultureInfo.InvariantCulture);
        await using var lab = await Laboratory.StartAsync();
        var gone = 0;
        for (var round = 0; round < rounds; round++)
            gone += await RoundAsync(lab, random, $"round {round}");
        Assert.InRange(gone, rounds, int.MaxValue);
    }

    private static async Task<int> RoundAsync(Laboratory lab, Random random, string round)
    {
        var (owner, repositories) = await lab.NewNamespaceAsync(TimeSpan.FromDays(14), 1);
        var repository = repositories[0];
        var tags = await FillAsync(lab, random, repository);
        var policies = Enumerable.Range(0, random.Next(1, 4)).Select(_ => RandomPolicy(random)).ToList();
        var store = lab.Get<PrunePolicyStore>();
        foreach (var (policy, i) in policies.Select(static (p, i) => (p, i)))
            Assert.True(PrunePolicy.TryCreate(policy, out var right, out var problem) && (await store.CreateAsync(owner, new PrunePlace(repository.NamespaceId, owner.Name, i % 2 == 0 ? 0 : repository.RepositoryId), right, Ct)).Problem is null or { Length: > 0 }, problem);
        var inForce = (await store.ListInForceAsync(repository.NamespaceId, repository.RepositoryId, Ct)).ConvertAll(static p => p.Policy.Policy.Body);
        var told = $"{round}: {string.Join("; ", inForce.Select(static b => JsonSerializer.Serialize(b)))}";
        var expected = Model(tags, inForce, lab.Clock.NowMs).Order(StringComparer.Ordinal).ToList();
        using var pruner = new Pruner(lab.Get<ContentStore>(), store, new PruningOptions(), lab.Clock) { PageSize = random.Next(1, 30) };

        var previewed = new List<PruneVerdict>();
        PrunePreview? first = null;
        PreviewPlace? from = null;
        do
        {
            var page = await pruner.PreviewAsync(repository.NamespaceId, owner.Name, null, null, from, random.Next(1, 10), Ct);
            first ??= page;
            previewed.AddRange(page.Verdicts);
            from = page.Next is null ? null : PreviewPlace.Parse(page.Next.ToToken());
        }
        while (from is not null);
        var goes = previewed.Where(static v => v.ProtectedBy is null).Select(static v => v.Tag!).ToList();

        Assert.True(expected.SequenceEqual(goes.Order(StringComparer.Ordinal)), $"{told}\nexpected {string.Join(' ', expected)}\npreview {string.Join(' ', goes.Order(StringComparer.Ordinal))}");
        Assert.Equal((tags.Count, expected.Count, previewed.Count - goes.Count), ((int)first!.Seen, (int)first.Tags, (int)first.Protected));

        var done = await pruner.RunAsync(repository.NamespaceId, owner.Name, null, null, Ct);
        var left = await lab.Db.ListAsync("SELECT name FROM tag WHERE repository_id = @repo AND ended_ms IS NULL", static r => r.GetString(0), Ct, ("repo", repository.RepositoryId));

        Assert.Equal(tags.Select(static t => t.Name).Except(expected).Order(StringComparer.Ordinal), left.Order(StringComparer.Ordinal));
        Assert.Equal(expected.Count, (int)done.Tags);
        // Each of what ended waits for the collector, and is in the trail once.
        Assert.Equal(tags.Where(t => expected.Contains(t.Name)).Select(static t => t.Digest).Distinct().Order(),
            (await lab.Db.ListAsync("SELECT DISTINCT digest FROM gc_review WHERE repository_id = @repo", static r => new Digest(r.GetFieldValue<byte[]>(0)), Ct, ("repo", repository.RepositoryId))).Order());
        Assert.Equal(expected, (await lab.Db.ListAsync("SELECT payload FROM event WHERE repository_id = @repo AND kind = 'tag.pruned'", static r => r.GetString(0), Ct, ("repo", repository.RepositoryId)))
            .SelectMany(static p => JsonDocument.Parse(p).RootElement.GetProperty("pruned").Strings()).Order(StringComparer.Ordinal));
        return expected.Count;
    }

    private static async Task<List<ModelTag>> FillAsync(Laboratory lab, Random random, RepositoryAccess repository)
    {
        var digests = Enumerable.Range(0, 8).Select(_ => Digest.Of(Guid.NewGuid().ToByteArray())).ToArray();
        var leased = random.Next(3) == 0 ? digests[0] : (Digest?)null;
        var names = Enumerable.Range(0, random.Next(0, 60)).Select(_ => string.Format(CultureInfo.InvariantCulture, s_names[random.Next(s_names.Length)], random.Next(4), random.Next(6)))
            .Concat(digests.Where(_ => random.Next(4) == 0).SelectMany(d => FollowerTag.Of(d).Where(_ => random.Next(2) == 0))).Distinct();
        var now = lab.Clock.NowMs;
        // Times meet.
        var tags = names.Select(name => new ModelTag(name, now - random.Next(1, 30) * 12 * Hour, digests[random.Next(FollowerTag.TryParse(name, out _) ? 4 : 8)], random.Next(12) == 0)).ToList();
        var held = tags.Count > 0 && random.Next(4) == 0 ? tags[random.Next(tags.Count)].Name : null;
        var pulledTags = tags.Where(_ => random.Next(4) == 0).ToDictionary(static t => t.Name, _ => now - random.Next(1, 30) * 12 * Hour);
        var pulledManifests = digests.Where(_ => random.Next(4) == 0).ToDictionary(static d => d, _ => now - random.Next(1, 30) * 12 * Hour);
        await lab.Db.WriteAsync(async tx =>
        {
            foreach (var (tag, manifest, at) in pulledTags.Select(static p => (p.Key, Array.Empty<byte>(), p.Value)).Concat(pulledManifests.Select(static p => ("", p.Key.ToArray(), p.Value))))
                await tx.ExecuteAsync("INSERT INTO pull_count (namespace_id, repository_id, tag, digest, pulls, last_ms) VALUES (@ns, @repo, @tag, @digest, 1, @at)",
                    ("ns", repository.NamespaceId), ("repo", repository.RepositoryId), ("tag", tag), ("digest", manifest), ("at", at));
            if (held is not null)
                await tx.ExecuteAsync("""
                    INSERT INTO legal_hold (id, kind, level, namespace_id, repository_id, tag, reason, case_reference, set_by, set_ms) VALUES (@id, 'tag', 'registry', @ns, @repo, @tag, '', '', 0, 1)
                    """, ("id", Guid.NewGuid().ToString("N")), ("ns", repository.NamespaceId), ("repo", repository.RepositoryId), ("tag", held));
            foreach (var tag in tags)
                await tx.ExecuteAsync("INSERT INTO tag (namespace_id, repository_id, name, digest, started_ms, immutable) VALUES (@ns, @repo, @name, @digest, @started, @immutable)",
                    ("ns", repository.NamespaceId), ("repo", repository.RepositoryId), ("name", tag.Name), ("digest", tag.Digest.ToArray()), ("started", tag.StartedMs), ("immutable", tag.Immutable ? 1L : 0L));
            // What ended, or is about to, is not there.
            await tx.ExecuteAsync("INSERT INTO tag (namespace_id, repository_id, name, digest, started_ms, ended_ms) VALUES (@ns, @repo, 'dev-0', @digest, 1, 2)",
                ("ns", repository.NamespaceId), ("repo", repository.RepositoryId), ("digest", digests[0].ToArray()));
            if (leased is { } digest)
                await tx.ExecuteAsync("INSERT INTO digest_lease (id, namespace_id, repository_id, digest, holder, created_by, created_ms, expires_ms) VALUES (@id, @ns, @repo, @digest, 'lab', 1, 1, now_ms() + 1)",
                    ("id", Guid.NewGuid().ToString("N")), ("ns", repository.NamespaceId), ("repo", repository.RepositoryId), ("digest", digest.ToArray()));
            return 0;
        }, Ct);
        return [.. tags.Select(t => t with
        {
            Protected = t.Immutable || t.Digest == leased || t.Name == held,
            UsedMs = Math.Max(t.StartedMs, Math.Max(pulledTags.GetValueOrDefault(t.Name), pulledManifests.GetValueOrDefault(t.Digest))),
            WasPulled = pulledTags.ContainsKey(t.Name) || pulledManifests.ContainsKey(t.Digest),
        })];
    }

    private static PrunePolicyBody RandomPolicy(Random random)
    {
        var byNumber = random.Next(2) == 0;
        return new PrunePolicyBody(byNumber ? "number_of_tags" : random.Next(3) == 0 ? "last_pulled" : "creation_date",
            JsonSerializer.SerializeToElement<object>(byNumber ? random.Next(1, 12) : $"{random.Next(0, 360)}h"),
            Sometimes(s_patterns), random.Next(4) == 0 ? random.Next(2) == 0 : null, random.Next(4) == 0 ? $"{random.Next(1, 14)}d" : null, random.Next(6) == 0 ? $"{random.Next(1, 10)}d" : null, random.Next(8) == 0 ? true : null,
            random.Next(3) == 0 ? s_groups[random.Next(s_groups.Length)] : null,
            random.Next(2) == 0 ? null : new KeepBody(random.Next(2) == 0 ? true : null, random.Next(3) == 0 ? s_patterns[random.Next(s_patterns.Length)] : null, random.Next(3) == 0 ? random.Next(1, 5) : null));

        string? Sometimes(string[] of) => random.Next(2) == 0 ? of[random.Next(of.Length)] : null;
    }

    // Policy after policy, each on what the ones before it have left.
    private static List<string> Model(List<ModelTag> tags, List<PrunePolicyBody> policies, long now)
    {
        var left = tags.OrderByDescending(static t => t.StartedMs).ThenBy(static t => t.Name, StringComparer.Ordinal).ToList();
        foreach (var policy in policies.Where(static p => p.Method != "number_of_tags").Concat(policies.Where(static p => p.Method == "number_of_tags")))
        {
            var looked = left.Where(t => !FollowerTag.TryParse(t.Name, out _)
                && (policy.TagPattern is null || Regex.IsMatch(t.Name, policy.TagPattern, RegexOptions.None, TimeSpan.FromSeconds(1)) == (policy.TagPatternMatches ?? true))
                && (policy.GroupBy is null || Regex.IsMatch(t.Name, policy.GroupBy, RegexOptions.None, TimeSpan.FromSeconds(1)))
                && !(policy.Keep?.Semver == true && Release().IsMatch(t.Name))
                && !(policy.Keep?.TagPattern is { } keep && Regex.IsMatch(t.Name, keep, RegexOptions.None, TimeSpan.FromSeconds(1))));
            var taken = looked.GroupBy(t => policy.GroupBy is null ? "" : Regex.Match(t.Name, policy.GroupBy, RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value)
                .SelectMany(g => g.Skip(Math.Max(policy.Keep?.Newest ?? 0, policy.Method == "number_of_tags" ? policy.Value.GetInt32() : 0)))
                .Where(t => policy.Method == "number_of_tags" || (policy.Method == "last_pulled" ? t.UsedMs : t.StartedMs) < now - long.Parse(policy.Value.GetString()!.TrimEnd('h'), CultureInfo.InvariantCulture) * Hour)
                .Where(t => policy.OlderThan is null || t.StartedMs < now - Days(policy.OlderThan))
                .Where(t => policy.LastPulledBefore is null || t.UsedMs < now - Days(policy.LastPulledBefore))
                .Where(t => policy.NeverPulled != true || !t.WasPulled)
                .Where(static t => !t.Protected).ToHashSet();
            left.RemoveAll(taken.Contains);
        }
        var gone = tags.Except(left).ToList();
        var followers = left.Where(t => !t.Protected && FollowerTag.TryParse(t.Name, out var subject) && gone.Exists(g => g.Digest == subject) && !left.Exists(l => l.Digest == subject));
        return [.. gone.Concat(followers).Select(static t => t.Name)];

        static long Days(string text) => long.Parse(text.TrimEnd('d'), CultureInfo.InvariantCulture) * 24 * Hour;
    }

    [Fact]
    public async Task What_was_moved_since_it_was_judged_stays()
    {
        await using var lab = await Laboratory.StartAsync();
        var repository = (await lab.NewNamespaceAsync(TimeSpan.FromDays(14), 1)).Repositories[0];
        var tags = await SimpleAsync(lab, repository, "moved", "same");

        var (ended, refusal) = await lab.Get<ContentStore>().PruneTagsAsync(repository, [new("moved", tags - 1, null), new("same", tags, null)], [], Ct);

        Assert.Equal((1, null), (ended, refusal));
        Assert.Equal(["moved"], await LiveAsync(lab, repository));
    }

    [Fact]
    public async Task What_a_rule_refuses_stays_and_the_others_go()
    {
        await using var lab = await Laboratory.StartAsync();
        var repository = (await lab.NewNamespaceAsync(TimeSpan.FromDays(14), 1)).Repositories[0];
        var names = Enumerable.Range(0, 40).Select(static i => $"t{i}").ToArray();
        var started = await SimpleAsync(lab, repository, names);
        var rule = new NotThese("t7", "t31");
        var content = ActivatorUtilities.CreateInstance<ContentStore>(lab.Services, new ChangeRules([rule]));

        var (ended, refusal) = await content.PruneTagsAsync(repository, [.. names.Select(n => new JudgedTag(n, started, null))], [], Ct);

        Assert.Equal((38, null), (ended, refusal));
        Assert.Equal(["t31", "t7"], await LiveAsync(lab, repository));
        Assert.Empty(await content.ListProtectedTagsAsync(repository, Ct));
    }

    private static Task<long> SimpleAsync(Laboratory lab, RepositoryAccess repository, params string[] names) => lab.Db.WriteAsync(async tx =>
    {
        foreach (var name in names)
            await tx.ExecuteAsync("INSERT INTO tag (namespace_id, repository_id, name, digest, started_ms) VALUES (@ns, @repo, @name, @digest, now_ms() - 5)",
                ("ns", repository.NamespaceId), ("repo", repository.RepositoryId), ("name", name), ("digest", new byte[32]));
        return lab.Clock.NowMs - 5;
    }, Ct);

    private static ValueTask<List<string>> LiveAsync(Laboratory lab, RepositoryAccess repository) =>
        lab.Db.ListAsync("SELECT name FROM tag WHERE repository_id = @repo AND ended_ms IS NULL ORDER BY name", static r => r.GetString(0), Ct, ("repo", repository.RepositoryId));

    [GeneratedRegex(@"^v?[0-9]+\.[0-9]+\.[0-9]+$")]
    private static partial Regex Release();

    private sealed record ModelTag(string Name, long StartedMs, Digest Digest, bool Immutable)
    {
        public bool Protected { get; init; }

        /// <summary>When it was pulled last, by whatever name, or began.</summary>
        public long UsedMs { get; init; }

        public bool WasPulled { get; init; }
    }

    private sealed class NotThese(params string[] names) : IChangeRule
    {
        public ValueTask AddAsync(Terms terms, Change change, bool anew, CancellationToken ct)
        {
            if (change.Tags.Intersect(names).Any())
                terms.Require(new Refusal(RefusalKind.Held), "SELECT 1 WHERE 1 = 0");
            return ValueTask.CompletedTask;
        }
    }
}
