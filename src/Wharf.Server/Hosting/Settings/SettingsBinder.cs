using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Wharf.Server.Hosting.Settings;

/// <summary>
/// Fills an options class from settings. The framework's binder ignores keys that it does not know and cannot say where a wrong
/// value stands; this one reports both. Classes, lists, dictionaries with text keys, and scalars.
/// </summary>
internal sealed class SettingsBinder(List<string> problems)
{
    /// <summary>Fills <paramref name="target"/>, whose defaults hold for all that is not given, then checks its annotations.</summary>
    public void Fill(object target, SettingNode node, string path)
    {
        var before = problems.Count;
        if (node.Keys is null)
        {
            if (node.Items is not null || node.Scalar is not null) problems.Add($"{node.Source}: {path} must be a mapping: keys below it, indented");
        }
        else
        {
            var properties = Properties(target.GetType());
            foreach (var (key, value) in node.Keys)
            {
                if (properties.TryGetValue(key, out var property)) Set(target, property, value, $"{path}.{property.Name}");
                else problems.Add($"{value.Source}: unknown key {path}.{key}{Suggestion.For(key, properties.Keys)}");
            }
        }

        CheckEach(target, node, path);
        // Rules across settings would judge a default where what was given is wrong.
        if (problems.Count == before) CheckTogether(target, node, path);
    }

    /// <summary>The value of a scalar setting, or null when it is empty or wrong.</summary>
    public object? Scalar(SettingNode node, Type type, string path)
    {
        if (node.Scalar is null)
        {
            if (node.Items is not null || node.Keys is not null) problems.Add($"{node.Source}: {path} {ScalarValue.Expected(type)}, not a list or mapping");
            return null;
        }

        var value = ScalarValue.Parse(node.Scalar, type, out var expected);
        if (value is null) problems.Add($"{node.Source}: {path} {expected}, not '{node.Scalar}'");
        return value;
    }

    private void Set(object target, PropertyInfo property, SettingNode node, string path)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (node is { Scalar: null, Items: null, Keys: null }) return;

        var value = ScalarValue.Is(type) ? ScalarInRange(property, node, type, path)
            : Element(type, typeof(List<>)) is { } item ? Items(node, type, item, path)
            : Element(type, typeof(Dictionary<,>)) is { } entry ? Entries(node, type, entry, path)
            : Nested(property.GetValue(target) ?? Activator.CreateInstance(type)!, node, path);
        if (value is not null) property.SetValue(target, value);
    }

    private object? ScalarInRange(PropertyInfo property, SettingNode node, Type type, string path)
    {
        // "must be a number from 1 to 10" helps more than "must be a number".
        if (node.Scalar is { } text && ScalarValue.Parse(text, type, out var expected) is null && property.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            problems.Add($"{node.Source}: {path} {expected},{Bounds(range)}, not '{text}'");
            return null;
        }

        return Scalar(node, type, path);
    }

    private object Nested(object target, SettingNode node, string path)
    {
        Fill(target, node, path);
        return target;
    }

    private object? Items(SettingNode node, Type listType, Type item, string path)
    {
        var nodes = node switch
        {
            { Items: { } items } => items,
            { Scalar: not null } => [node],
            // WHARF__Server__Listen__0=...
            { Keys: { } keys } when keys.Keys.All(k => int.TryParse(k, NumberStyles.None, CultureInfo.InvariantCulture, out _)) =>
                [.. keys.OrderBy(k => int.Parse(k.Key, CultureInfo.InvariantCulture)).Select(k => k.Value)],
            _ => null,
        };
        if (nodes is null)
        {
            problems.Add($"{node.Source}: {path} must be a list");
            return null;
        }

        var list = (IList)Activator.CreateInstance(listType)!;
        for (var i = 0; i < nodes.Count; i++)
        {
            if (Item(nodes[i], item, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]")) is { } value) list.Add(value);
        }

        return list;
    }

    private object? Entries(SettingNode node, Type dictionaryType, Type item, string path)
    {
        if (node.Keys is null)
        {
            problems.Add($"{node.Source}: {path} must be a mapping of names");
            return null;
        }

        var entries = (IDictionary)Activator.CreateInstance(dictionaryType, StringComparer.OrdinalIgnoreCase)!;
        foreach (var (name, value) in node.Keys)
        {
            if (Item(value, item, $"{path}.{name}") is { } bound) entries[name] = bound;
        }

        return entries;
    }

    private object? Item(SettingNode node, Type item, string path) =>
        ScalarValue.Is(item) ? Scalar(node, item, path) : Nested(Activator.CreateInstance(item)!, node, path);

    private void CheckEach(object target, SettingNode node, string path)
    {
        foreach (var (name, property) in Properties(target.GetType()))
        {
            var value = property.GetValue(target);
            foreach (var rule in property.GetCustomAttributes<ValidationAttribute>())
            {
                if (rule.IsValid(value)) continue;
                var message = rule switch
                {
                    RequiredAttribute => "is required",
                    RangeAttribute range => $"must be{Bounds(range)}, not {value}",
                    _ => rule.FormatErrorMessage(name),
                };
                problems.Add($"{SourceOf(node, name)}: {path}.{name} {message}");
            }
        }
    }

    private void CheckTogether(object target, SettingNode node, string path)
    {
        if (target is not IValidatableObject self) return;
        foreach (var result in self.Validate(new ValidationContext(target)))
        {
            var name = result.MemberNames.FirstOrDefault();
            problems.Add($"{SourceOf(node, name)}: {path}{(name is null ? "" : "." + name)} {result.ErrorMessage}");
        }
    }

    private static string SourceOf(SettingNode node, string? key) =>
        key is not null && node.Keys?.GetValueOrDefault(key) is { } given ? given.Source : node.Source;

    private static string Bounds(RangeAttribute range) => $" from {range.Minimum} to {range.Maximum}";

    private static Dictionary<string, PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);

    private static Type? Element(Type type, Type container) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == container ? type.GetGenericArguments()[^1] : null;
}
