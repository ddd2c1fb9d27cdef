using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.Serialization.Json;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Writes a CycloneDX 1.6 bill of materials: each NuGet package of which a file is published, with those files, its licence, hash and dependencies.
/// It reads project.assets.json and the restored packages alone, so it needs no tool and no network, and equal inputs give equal bytes.
/// The build compiles it against .NET Standard 2.0: no System.Text.Json, no newer C#.
/// </summary>
public class WriteSbom : Task
{
    [Required] public string Assets { get; set; }
    /// <summary>The folder that packages are restored to.</summary>
    [Required] public string Packages { get; set; }
    /// <summary>The files to publish; those of packages carry NuGetPackageId.</summary>
    [Required] public ITaskItem[] Published { get; set; }
    [Required] public string Product { get; set; }
    [Required] public string ProductVersion { get; set; }
    [Required] public string Output { get; set; }

    private Dictionary<string, XElement> resolved; // package or project name to its element in project.assets.json
    private Dictionary<string, string[]> shipped; // package name to its published files

    public override bool Execute()
    {
        XElement assets;
        using (var reader = JsonReaderWriterFactory.CreateJsonReader(File.ReadAllBytes(Assets), XmlDictionaryReaderQuotas.Max))
        {
            assets = XElement.Load(reader);
        }
        // The target that is published is the one with a runtime identifier: net10.0/linux-x64
        var target = assets.Element("targets").Elements().OrderByDescending(e => Key(e).Length).First();
        resolved = target.Elements().ToDictionary(Name, e => e, StringComparer.OrdinalIgnoreCase);
        shipped = Published
            .Where(f => resolved.ContainsKey(f.GetMetadata("NuGetPackageId")))
            .GroupBy(f => f.GetMetadata("NuGetPackageId"), f => f.GetMetadata("RelativePath").Replace('\\', '/'), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g.Key, g => g.OrderBy(f => f, StringComparer.Ordinal).ToArray(), StringComparer.OrdinalIgnoreCase);

        var self = $"pkg:generic/{Product}@{ProductVersion}";
        var projects = target.Elements().Where(e => (string)e.Element("type") == "project");
        var asked = assets.Element("project").Element("frameworks").Elements().Concat(projects).SelectMany(Dependencies);
        var packages = shipped.Keys.Select(id => resolved[id]).OrderBy(Name, StringComparer.Ordinal).ToList();

        var body = new StringBuilder();
        body.Append("  \"version\": 1,\n  \"metadata\": {\n    \"component\": { \"type\": \"application\", \"bom-ref\": ").Append(Quoted(self))
            .Append(", \"name\": ").Append(Quoted(Product)).Append(", \"version\": ").Append(Quoted(ProductVersion))
            .Append(", \"licenses\": [{ \"expression\": \"Apache-2.0\" }], \"purl\": ").Append(Quoted(self)).Append(" }\n  },\n");
        body.Append("  \"components\": [\n").Append(string.Join(",\n", packages.Select(Component))).Append("\n  ],\n");
        body.Append("  \"dependencies\": [\n").Append(Dependency(self, asked));
        foreach (var package in packages)
        {
            body.Append(",\n").Append(Dependency(Purl(package), Dependencies(package)));
        }
        body.Append("\n  ]\n}\n");

        Directory.CreateDirectory(Path.GetDirectoryName(Output));
        File.WriteAllText(
            Output,
            "{\n  \"$schema\": \"http://cyclonedx.org/schema/bom-1.6.schema.json\",\n  \"bomFormat\": \"CycloneDX\",\n  \"specVersion\": \"1.6\",\n"
                + $"  \"serialNumber\": \"urn:uuid:{Identity(body.ToString())}\",\n{body}");
        return true;
    }

    private string Component(XElement package)
    {
        var folder = Path.Combine(Packages, Key(package).ToLowerInvariant());
        var nuspec = XElement.Load(Directory.GetFiles(folder, "*.nuspec").Single()).Elements().First(e => e.Name.LocalName == "metadata").Elements();
        string Said(string name) => nuspec.FirstOrDefault(e => e.Name.LocalName == name)?.Value.Trim();
        var licence = nuspec.FirstOrDefault(e => e.Name.LocalName == "license");
        var hash = Convert.FromBase64String(File.ReadAllText(Directory.GetFiles(folder, "*.nupkg.sha512").Single()).Trim());

        var lines = new List<string>
        {
            "\"type\": \"library\"",
            $"\"bom-ref\": {Quoted(Purl(package))}",
            $"\"authors\": [{{ \"name\": {Quoted(Said("authors"))} }}]",
            $"\"name\": {Quoted(Name(package))}",
            $"\"version\": {Quoted(Key(package).Split('/')[1])}",
            $"\"hashes\": [{{ \"alg\": \"SHA-512\", \"content\": \"{string.Concat(hash.Select(b => b.ToString("x2")))}\" }}]",
        };
        if (licence != null)
        {
            lines.Add((string)licence.Attribute("type") == "expression"
                ? $"\"licenses\": [{{ \"expression\": {Quoted(licence.Value.Trim())} }}]"
                : $"\"licenses\": [{{ \"license\": {{ \"name\": {Quoted("the file " + licence.Value.Trim() + " of the package")} }} }}]");
        }
        else if (Said("licenseUrl") != null)
        {
            lines.Add($"\"licenses\": [{{ \"license\": {{ \"name\": \"see the address\", \"url\": {Quoted(Said("licenseUrl"))} }} }}]");
        }
        if (Said("copyright") != null)
        {
            lines.Add($"\"copyright\": {Quoted(Said("copyright"))}");
        }
        lines.Add($"\"purl\": {Quoted(Purl(package))}");
        lines.Add($"\"evidence\": {{ \"occurrences\": [{string.Join(", ", shipped[Name(package)].Select(f => $"{{ \"location\": {Quoted(f)} }}"))}] }}");
        return "    {\n      " + string.Join(",\n      ", lines) + "\n    }";
    }

    private string Dependency(string reference, IEnumerable<string> names) =>
        $"    {{ \"ref\": {Quoted(reference)}, \"dependsOn\": [{string.Join(", ", names.SelectMany(Shipped).Select(Purl).Distinct().OrderBy(r => r, StringComparer.Ordinal).Select(Quoted))}] }}";

    /// <summary>A package that ships no file of its own only brings others: they stand in its place.</summary>
    private IEnumerable<XElement> Shipped(string name)
    {
        if (!resolved.TryGetValue(name, out var package) || (string)package.Element("type") == "project")
        {
            return Enumerable.Empty<XElement>();
        }
        return shipped.ContainsKey(name) ? new[] { package } : Dependencies(package).SelectMany(Shipped);
    }

    private static IEnumerable<string> Dependencies(XElement e) => e.Element("dependencies")?.Elements().Select(Key) ?? Enumerable.Empty<string>();

    /// <summary>The key of a JSON property; one that is no XML name is given in the attribute "item".</summary>
    private static string Key(XElement e) => (string)e.Attribute("item") ?? e.Name.LocalName;

    private static string Name(XElement package) => Key(package).Split('/')[0];

    private static string Purl(XElement package) => "pkg:nuget/" + Key(package).Replace('/', '@');

    /// <summary>A UUID of version 8 (RFC 9562) made of the content's hash.</summary>
    private static Guid Identity(string content)
    {
        using (var sha = SHA256.Create())
        {
            var id = sha.ComputeHash(Encoding.UTF8.GetBytes(content)).Take(16).ToArray();
            id[7] = (byte)((id[7] & 0x0f) | 0x80);
            id[8] = (byte)((id[8] & 0x3f) | 0x80);
            return new Guid(id);
        }
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text ?? "")
        {
            if (c == '"' || c == '\\')
            {
                quoted.Append('\\').Append(c);
            }
            else if (c < ' ')
            {
                quoted.Append("\\u").Append(((int)c).ToString("x4"));
            }
            else
            {
                quoted.Append(c);
            }
        }
        return quoted.Append('"').ToString();
    }
}
