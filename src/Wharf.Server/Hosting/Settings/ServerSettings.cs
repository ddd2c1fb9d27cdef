using System.Collections;

namespace Wharf.Server.Hosting.Settings;

/// <summary>
/// The configuration of a process: a YAML file, and <c>WHARF__</c> variables over it. Slices take their sections while they
/// register; what nobody took, or cannot be what it says, stops the start with file and line.
/// </summary>
internal sealed class ServerSettings
{
    private readonly SettingNode _root;
    private readonly List<string> _problems = [];
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, (object Section, object Defaults, SettingNode? Node)> _sections = [];
    private readonly Dictionary<string, SettingNode?> _scalars = [];

    private ServerSettings(string? file, Func<List<string>, SettingNode?> read, IDictionary environment)
    {
        _root = read(_problems) ?? SettingNode.Mapping(file ?? "the settings");
        EnvironmentSettings.LayOver(_root, environment, _problems);
    }

    /// <summary>The sections that were taken, each with another instance that has the defaults, and what was given of it.</summary>
    public IReadOnlyDictionary<string, (object Section, object Defaults, SettingNode? Node)> Sections => _sections;

    /// <summary>The settings that stand by themselves at the top and were asked for, and what was given of them.</summary>
    public IReadOnlyDictionary<string, SettingNode?> Scalars => _scalars;

    /// <summary>Settings such as <c>Server.Data</c> that the command line gave.</summary>
    public HashSet<string> FromCommandLine { get; } = new(StringComparer.Ordinal);

    /// <summary>The settings of a file, or of none, and of the environment.</summary>
    public static ServerSettings Read(string? file, IDictionary environment) =>
        new(file, problems => file is null ? null : YamlSettings.Read(file, problems), environment);

    internal static ServerSettings Parse(string file, string yaml, IDictionary environment) =>
        new(file, problems => YamlSettings.Parse(file, yaml, problems), environment);

    /// <summary>A section as <typeparamref name="T"/>, its defaults where nothing is given.</summary>
    public T Section<T>(string name)
        where T : class, new()
    {
        _known.Add(name);
        var (section, node) = (new T(), _root.Keys!.GetValueOrDefault(name));
        _sections[name] = (section, new T(), node);
        new SettingsBinder(_problems).Fill(section, node ?? SettingNode.Mapping("the settings"), name);
        return section;
    }

    /// <summary>A setting that stands by itself at the top, such as <c>Database: Host=...</c>; null when it is not given.</summary>
    public string? Scalar(string name)
    {
        _known.Add(name);
        return (_scalars[name] = _root.Keys!.GetValueOrDefault(name)) is { } node ? (string?)new SettingsBinder(_problems).Scalar(node, typeof(string), name) : null;
    }

    /// <summary>Ends the registration of sections.</summary>
    /// <exception cref="CannotStartException">Something is unknown or invalid; the message has one line for each.</exception>
    public void Check()
    {
        foreach (var (name, node) in _root.Keys!.Where(k => !_known.Contains(k.Key)))
        {
            _problems.Add($"{node.Source}: unknown {(node.Keys is null ? "key" : "section")} {name}{Suggestion.For(name, _known)}");
        }

        if (_problems.Count > 0) throw new CannotStartException(string.Join('\n', _problems));
    }
}
