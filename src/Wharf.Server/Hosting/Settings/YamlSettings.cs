using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Wharf.Server.Hosting.Settings;

/// <summary>Reads a configuration file: scalars, lists and mappings of YAML, nothing that refers, merges or constructs.</summary>
internal sealed class YamlSettings
{
    private const int MaxBytes = 1 << 20;
    private const int MaxDepth = 16;

    private readonly string _file;
    private readonly Parser _parser;
    private readonly List<string> _problems;

    private YamlSettings(string file, string text, List<string> problems)
    {
        _file = file;
        _parser = new Parser(new StringReader(text));
        _problems = problems;
    }

    /// <summary>The root mapping of the file, or null when there is none; what is wrong is added to <paramref name="problems"/>.</summary>
    public static SettingNode? Read(string file, List<string> problems)
    {
        string text;
        try
        {
            if (new FileInfo(file) is { Exists: true, Length: > MaxBytes })
            {
                problems.Add($"{file}: longer than 1 MiB");
                return null;
            }

            text = File.ReadAllText(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            problems.Add($"{file}: cannot be read: {fault.Message}");
            return null;
        }

        return Parse(file, text, problems);
    }

    internal static SettingNode? Parse(string file, string text, List<string> problems)
    {
        YamlSettings? reader = null;
        try
        {
            reader = new YamlSettings(file, text, problems);
            return reader.Document();
        }
        catch (YamlException fault)
        {
            problems.Add($"{file}:{fault.Start.Line}: {fault.Message}");
            return null;
        }
        catch (Exception fault) when (fault is InvalidOperationException or ArgumentException or FormatException)
        {
            // The scanner of YamlDotNet 16.3 meets some broken texts unprepared.
            problems.Add($"{file}:{reader?._parser.Current?.End.Line ?? 1}: this is not YAML");
            return null;
        }
    }

    private SettingNode? Document()
    {
        _parser.Consume<StreamStart>();
        if (_parser.TryConsume<StreamEnd>(out _)) return null;
        _parser.Consume<DocumentStart>();
        var root = Value(0);
        _parser.Consume<DocumentEnd>();
        if (!_parser.Accept<StreamEnd>(out _)) throw Unsupported("more than one document");

        if (root.Keys is not null) return root;
        if (root is not { Scalar: null, Items: null }) _problems.Add($"{root.Source}: the file must hold a mapping: Section: and below it, indented, Key: value");
        return null;
    }

    private SettingNode Value(int depth)
    {
        if (depth > MaxDepth) throw Unsupported($"more than {MaxDepth} levels");

        var at = Here();
        if (_parser.Accept<AnchorAlias>(out _)) throw Unsupported("an alias (*name)");
        if (_parser.Accept<NodeEvent>(out var node) && !node.Anchor.IsEmpty) throw Unsupported("an anchor (&name)");
        if (node is { Tag.IsEmpty: false }) throw Unsupported("a tag (!name)");

        if (_parser.TryConsume<Scalar>(out var scalar))
        {
            var empty = scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" };
            return new SettingNode(at) { Scalar = empty ? null : scalar.Value };
        }

        if (_parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<SettingNode>();
            while (!_parser.TryConsume<SequenceEnd>(out _)) items.Add(Value(depth + 1));
            return new SettingNode(at) { Items = items };
        }

        _parser.Consume<MappingStart>();
        var mapping = SettingNode.Mapping(at);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var keyAt = Here();
            if (!_parser.TryConsume<Scalar>(out var key)) throw Unsupported("a key that is not a plain word");
            var value = Value(depth + 1);
            // An error names the line of the key: a value may begin lines below it.
            if (!mapping.Keys!.TryAdd(key.Value, new SettingNode(keyAt) { Scalar = value.Scalar, Items = value.Items, Keys = value.Keys }))
            {
                _problems.Add($"{keyAt}: {key.Value} is given twice");
            }
        }

        return mapping;
    }

    private string Here()
    {
        _parser.Accept<ParsingEvent>(out _);
        return $"{_file}:{_parser.Current?.Start.Line ?? 1}";
    }

    private YamlException Unsupported(string what)
    {
        _parser.Accept<ParsingEvent>(out _);
        var mark = _parser.Current?.Start ?? Mark.Empty;
        return new YamlException(mark, mark, $"{what} is not understood here");
    }
}
