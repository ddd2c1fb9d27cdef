using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Wharf.Storage;

namespace Wharf.Server.Audit;

/// <summary>
/// Proves the trail or names what is wrong with it. 1. The seals: each under the key, each covering the one before, none fewer than this
/// machine (or the caller) has seen. 2. Every writer's chain, through rotated files and rows: no batch missing, each over exactly its lines,
/// what is looked up by as in the line. 3. Every sealed head is the batch of that number. 4. Persons: what is there is what was
/// hashed, and what is not there was erased.
/// </summary>
internal sealed class AuditVerifier(AuditStore store, AuditFile file, AuditSeals seals)
{
    /// <summary>More findings than a person reads are not told.</summary>
    public const int MaxFindings = 100;

    private const int Page = 100;

    /// <param name="expected">A seal that the caller knows from the log or a sink.</param>
    public async Task<AuditReport> VerifyAsync((long N, byte[] Mac)? expected, CancellationToken ct)
    {
        while (true)
        {
            var rotated = (await store.SegmentsAsync(ct)).Count;
            var report = await VerifyOnceAsync(expected, ct);
            // What is rotated meanwhile is missed in the one place and in the other.
            if (report.Findings.Count == 0 || (await store.SegmentsAsync(ct)).Count == rotated)
                return report;
        }
    }

    private async Task<AuditReport> VerifyOnceAsync((long N, byte[] Mac)? expected, CancellationToken ct)
    {
        var run = new Run();
        await VerifySealsAsync(run, expected, ct);
        await VerifyChainsAsync(run, ct);
        await VerifyPersonsAsync(run, ct);
        return new AuditReport(run.Findings, run.Writers, run.Batches, run.Entries, run.Seals, run.Segments, run.Erased.Count);
    }

    private async Task VerifySealsAsync(Run run, (long N, byte[] Mac)? expected, CancellationToken ct)
    {
        var known = new[] { seals.Remembered(), expected }.OfType<(long N, byte[] Mac)>().ToList();
        var (last, prev) = (0L, AuditChain.Start);
        while (await store.SealsAsync(last, 1000, ct) is { Count: > 0 } page)
            foreach (var seal in page)
            {
                if (seal.N != last + 1)
                    run.Find($"seals {last + 1} to {seal.N - 1} are missing");
                else if (!seal.Prev.AsSpan().SequenceEqual(prev))
                    run.Find($"seal {seal.N} does not follow seal {last}");
                if (!CryptographicOperations.FixedTimeEquals(await seals.CodeAsync(seal.N, seal.AtMs, seal.Heads, seal.Prev, ct), seal.Mac))
                    run.Find($"seal {seal.N} was not made by this registry's key");
                foreach (var seen in known.Where(k => k.N == seal.N && !k.Mac.AsSpan().SequenceEqual(seal.Mac)))
                    run.Find($"seal {seal.N} is not the one that was seen outside of the database");
                try
                {
                    foreach (var (writer, n, hash) in AuditSeals.Heads(seal))
                        run.Sealed.GetOrAdd(writer)[n] = hash;
                }
                catch (FormatException)
                {
                    run.Find($"seal {seal.N} cannot be read");
                }
                (last, prev) = (seal.N, seal.Mac);
                run.Seals++;
            }
        foreach (var seen in known.Where(k => k.N > last))
            run.Find($"seals after {last} are missing: {seen.N} was seen outside of the database");
    }

    private async Task VerifyChainsAsync(Run run, CancellationToken ct)
    {
        var segments = (await store.SegmentsAsync(ct)).ToDictionary(static s => s.Id, static s => s.Segment);
        // What the files hold, by writer: they are read once, in the order of days, and a writer's batches in a file are in order.
        var chains = new Dictionary<long, Chain>();
        var spans = (await store.SpansAsync(ct)).ToLookup(static s => s.Segment, static s => s.Span);
        foreach (var (id, segment) in segments.OrderBy(static s => s.Value.Day))
            await VerifySegmentAsync(run, segment, [.. spans[id]], chains, ct);
        foreach (var span in spans.Where(s => !segments.ContainsKey(s.Key)).SelectMany(static s => s))
            run.Find($"writer {AuditBatch.Name(span.Writer)}: batches {span.First} to {span.Last} belong to a rotated file that is not listed");
        foreach (var writer in (await store.WritersAsync(ct)).Union(chains.Keys).Union(run.Sealed.Keys))
        {
            run.Writers++;
            var chain = chains.GetOrAdd(writer);
            var after = 0L;
            while (true)
            {
                var batches = await store.BatchesAsync(writer, after, Page, ct);
                if (batches.Count == 0)
                {
                    var tail = await store.RowsAsync(writer, after + 1, long.MaxValue, ct);
                    // Those of a batch that came meanwhile are fine.
                    if (tail.Count > 0 && await store.BatchesAsync(writer, after, 1, ct) is [_])
                        continue;
                    if (tail.Count > 0)
                        run.Find($"writer {AuditBatch.Name(writer)}: {tail.Count} entries of batch {tail[0].N} and later, which are not there");
                    break;
                }
                var rows = (await store.RowsAsync(writer, after + 1, batches[^1].N, ct)).ToLookup(static r => r.N);
                foreach (var batch in batches)
                {
                    var lines = rows[batch.N].ToList();
                    Follow(run, chain, batch, [.. lines.Select(static r => r.Line)], "");
                    CheckRows(run, batch, lines);
                }
                foreach (var stray in rows.Where(r => batches.TrueForAll(b => b.N != r.Key)))
                    run.Find($"writer {AuditBatch.Name(writer)}: {stray.Count()} entries of batch {stray.Key}, which is not there");
                after = batches[^1].N;
            }
            if (run.Sealed.TryGetValue(writer, out var heads) && heads.Keys.Max() is var sealedN && sealedN > chain.N)
                run.Find($"writer {AuditBatch.Name(writer)}: batches after {chain.N} are missing: {sealedN} was sealed");
        }
    }

    private async Task VerifySegmentAsync(Run run, AuditSegment segment, List<AuditSpan> spans, Dictionary<long, Chain> chains, CancellationToken ct)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $" in the file of {DateTimeOffset.UnixEpoch.AddDays(segment.Day):yyyy-MM-dd}");
        run.Segments++;
        byte[]? digest = null;
        var (entries, ends) = (0L, new Dictionary<(long, long), byte[]>());
        try
        {
            await foreach (var (batch, lines) in file.ReadAsync(segment.StorageKey, d => digest = d, ct))
            {
                Follow(run, chains.GetOrAdd(batch.Writer), batch, lines, place);
                if (batch.Day != segment.Day)
                    run.Find($"writer {AuditBatch.Name(batch.Writer)}: batch {batch.N} is of another day{place}");
                entries += lines.Count;
                ends[(batch.Writer, batch.N)] = batch.Hash;
            }
        }
        catch (Exception e) when (e is FormatException or StorageException or InvalidDataException or IOException)
        {
            run.Find($"cannot be read{place}: {e.Message}");
        }
        if (digest is null || !digest.AsSpan().SequenceEqual(segment.Digest))
            run.Find($"the digest is not the recorded one{place}");
        if (entries != segment.Entries)
            run.Find($"{entries} entries and not {segment.Entries}{place}");
        foreach (var span in spans)
            if (!ends.TryGetValue((span.Writer, span.Last), out var end) || !end.AsSpan().SequenceEqual(span.Hash))
                run.Find($"writer {AuditBatch.Name(span.Writer)}: batches {span.First} to {span.Last} are not those{place}");
    }

    private static void Follow(Run run, Chain chain, AuditBatch batch, List<byte[]> lines, string place)
    {
        var where = $"writer {AuditBatch.Name(batch.Writer)}, batch {batch.N}{place}";
        run.Batches++;
        run.Entries += lines.Count;
        if (batch.N != chain.N + 1)
            run.Find(batch.N <= chain.N ? $"{where}: it is there twice" : $"{where}: batches {chain.N + 1} to {batch.N - 1} before it are missing");
        else if (!batch.Prev.AsSpan().SequenceEqual(chain.Hash))
            run.Find($"{where}: it does not follow the batch before it");
        if (lines.Count != batch.Count)
            run.Find($"{where}: {lines.Count} entries and not {batch.Count}");
        if (!AuditChain.Root(lines).AsSpan().SequenceEqual(batch.Root))
            run.Find($"{where}: its entries are not those that were written");
        if (!AuditChain.Hash(batch).AsSpan().SequenceEqual(batch.Hash))
            run.Find($"{where}: what it says of itself was changed");
        if (run.Sealed.TryGetValue(batch.Writer, out var heads) && heads.TryGetValue(batch.N, out var hash) && !hash.AsSpan().SequenceEqual(batch.Hash))
            run.Find($"{where}: it is not the batch that was sealed");
        if (batch.N > chain.N)
            (chain.N, chain.Hash) = (batch.N, batch.Hash);
        foreach (var line in lines)
            Note(run, where, line);
    }

    // Persons that are told of, and erasures, which excuse that they are not there.
    private static void Note(Run run, string where, byte[] bytes)
    {
        try
        {
            var line = AuditLine.Parse(bytes);
            run.References[Convert.ToHexStringLower(line.Who)] = line.PerformerId;
            if (line is { About: { } about, AboutId: { } id })
                run.References[Convert.ToHexStringLower(about)] = id;
            if (line.Kind == AuditErasure.Kind && line.Metadata is { } metadata)
                using (var json = JsonDocument.Parse(metadata))
                    run.Erased.Add(json.RootElement.GetProperty("account_id").GetInt64());
        }
        catch (FormatException)
        {
            run.Find($"{where}: an entry cannot be read");
        }
    }

    private static void CheckRows(Run run, AuditBatch batch, List<AuditRow> rows)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            var matches = row.I == i && row.Day == batch.Day;
            try
            {
                var line = AuditLine.Parse(row.Line);
                matches &= line.AtMs == row.AtMs && (int)line.Class == row.Class && line.Kind == row.Kind && line.NamespaceId == row.NamespaceId && line.RepositoryId == row.RepositoryId
                    && line.PerformerId == row.PerformerId && line.AboutId == row.AboutId && AuditLine.KeyOf(line.Digest) == row.DigestKey;
            }
            catch (FormatException)
            {
                matches = false;
            }
            if (!matches)
                run.Find($"writer {AuditBatch.Name(batch.Writer)}, batch {batch.N}, entry {i}: what it is looked up by is not what it says");
        }
    }

    private async Task VerifyPersonsAsync(Run run, CancellationToken ct)
    {
        var after = Array.Empty<byte>();
        while (await store.PersonsAsync(after, 1000, ct) is { Count: > 0 } page)
        {
            foreach (var person in page)
            {
                if (!AuditChain.Reference(person.Salt, person.AccountId, person.Value).AsSpan().SequenceEqual(person.Ref))
                    run.Find($"person {Convert.ToHexStringLower(person.Ref)} (account {person.AccountId}): what is told is not what was written");
                run.References.Remove(Convert.ToHexStringLower(person.Ref));
            }
            after = page[^1].Ref;
        }
        foreach (var lost in run.References.Where(r => !run.Erased.Contains(r.Value)).GroupBy(static r => r.Value))
            run.Find($"account {lost.Key}: who did {lost.Count()} kinds of things is gone, and no erasure is recorded");
    }

    private sealed class Chain
    {
        public long N { get; set; }
        public byte[] Hash { get; set; } = AuditChain.Start;
    }

    private sealed class Run
    {
        public List<string> Findings { get; } = [];
        public Dictionary<long, Dictionary<long, byte[]>> Sealed { get; } = [];
        public Dictionary<string, long> References { get; } = new(StringComparer.Ordinal);
        public HashSet<long> Erased { get; } = [];
        public long Writers { get; set; }
        public long Batches { get; set; }
        public long Entries { get; set; }
        public long Seals { get; set; }
        public long Segments { get; set; }

        public void Find(string finding)
        {
            if (Findings.Count < MaxFindings)
                Findings.Add(finding);
        }
    }
}

file static class DictionaryExtensions
{
    public static TValue GetOrAdd<TKey, TValue>(this Dictionary<TKey, TValue> dictionary, TKey key) where TKey : notnull where TValue : new()
    {
        if (!dictionary.TryGetValue(key, out var value))
            dictionary.Add(key, value = new TValue());
        return value;
    }
}
