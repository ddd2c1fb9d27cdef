using System.Formats.Tar;
using System.Text;
using Wharf.Scanner.Feeds;
using ZstdSharp;

namespace Wharf.Scanner.Tests.Feeds.Publishers;

public sealed class CsafArchiveTests
{
    private const string Path = "redhat/vex/archive.tar.zst";

    private static readonly Feed s_feed = FeedCatalogue.Find("redhat-vex")!;
    private static readonly string[] s_files = [.. Directory.GetFiles(TestData.Path("rhel", "csaf-vex"), "*.json").Order(StringComparer.Ordinal)];

    [Fact]
    public void An_archive_says_what_its_documents_say()
    {
        var single = s_files.SelectMany(static f => s_feed.Read(new MemoryStream(File.ReadAllBytes(f)), "redhat/vex/" + System.IO.Path.GetFileName(f), null)).Cast<Advisory>().ToList();

        var read = s_feed.Read(new MemoryStream(Archive()), Path, null).Cast<Advisory>().ToList();

        Assert.NotEmpty(single);
        Assert.Equal(single.Select(static a => (a.Id, a.Severity, a.Affected.Count)), read.Select(static a => (a.Id, a.Severity, a.Affected.Count)));
    }

    [Fact]
    public void A_document_that_is_none_is_left_out_and_told()
    {
        var problems = new List<string>();

        var read = s_feed.Read(new MemoryStream(Archive(("2026/cve-2026-1.json", "{\"document\": "), ("index.txt", "2026/cve-2026-1.json"))), Path, problems.Add).ToList();

        Assert.NotEmpty(read);
        Assert.Contains("cve-2026-1.json", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_that_is_not_whole_is_refused_wherever_it_ends_or_is_damaged()
    {
        var archive = Archive();
        var random = new Random(11);
        for (var round = 0; round < 60; round++)
        {
            var bytes = archive.AsSpan().ToArray();
            if (round % 2 == 0)
                bytes = bytes[..random.Next(bytes.Length - 1)];
            else
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                Assert.True(s_feed.Read(new MemoryStream(bytes), Path, null).Count() >= 0 && round % 2 == 1, $"A cut archive of {bytes.Length} bytes was read.");
            }
            catch (InvalidDataException)
            {
                // As it should be.
            }
        }
    }

    private static byte[] Archive(params (string Name, string Text)[] more)
    {
        using var bytes = new MemoryStream();
        using (var zstd = new CompressionStream(bytes, 3, leaveOpen: true))
        using (var tar = new TarWriter(zstd))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "2026/"));
            foreach (var file in s_files)
                tar.WriteEntry(file, "2026/" + System.IO.Path.GetFileName(file));
            foreach (var (name, text) in more)
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
        }
        return bytes.ToArray();
    }
}
