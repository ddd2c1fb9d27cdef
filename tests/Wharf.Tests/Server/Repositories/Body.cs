using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Wharf.Tests.Server.Repositories;

/// <summary>
/// Bodies as they are kept in tests/data/quay-bodies, one file an operation, with what differs from run to run masked.
/// With WHARF_WRITE_BODIES=1 the files are written.
/// </summary>
internal static partial class Body
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="masks">Texts of this run, and what stands for each in the file; longer ones first.</param>
    public static async Task MatchesAsync(Answer answer, string operation, params (string Text, string Mask)[] masks)
    {
        var file = Path.Combine(SourceTree.Root, "tests", "data", "quay-bodies", operation + ".json");
        var text = JsonSerializer.Serialize(answer.Json, s_indented);
        foreach (var (value, mask) in masks)
            text = text.Replace(value, mask, StringComparison.Ordinal);
        text = Hash().Replace(text, "\"${name}\": \"<made of the name>\"");
        text = Date().Replace(text, "<date>");
        text = Seconds().Replace(text, "\"last_modified\": \"<seconds>\"") + "\n";

        if (Environment.GetEnvironmentVariable("WHARF_WRITE_BODIES") == "1")
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);

        Assert.Equal(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), text);
    }

    [GeneratedRegex("\"(?<name>hash|color)\": \"[^\"]*\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Hash();

    [GeneratedRegex(@"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d -0000", RegexOptions.None, 1000)]
    private static partial Regex Date();

    [GeneratedRegex("\"last_modified\": [0-9]+", RegexOptions.None, 1000)]
    private static partial Regex Seconds();
}
